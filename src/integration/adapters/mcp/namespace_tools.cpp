#include <utility>

#include "async/when_all.hpp"
#include "integration/adapters/json_mapping.hpp"
#include "integration/adapters/mcp/memory_tools.hpp"
#include "platform/json/field_reader.hpp"

namespace pgmind::integration::mcp {
namespace {

constexpr std::size_t kStatisticsMax = 50;

memory::Scope read_scope(json::FieldReader& reader, memory::Scope otherwise) {
    const auto index = reader.optional_choice("scope", {"project", "shared", "both"});
    return index ? static_cast<memory::Scope>(*index) : otherwise;
}

struct NamedNamespace {
    memory::Scope scope = memory::Scope::project;
    std::string name;
};

struct Chosen {
    std::vector<NamedNamespace> namespaces;
    bool complete = true;
};

// The one that the call names, or the first that its caller may read.
Task<Result<Chosen>> choose_namespaces(ToolCall tool, std::optional<std::string> name,
                                       memory::Scope scope) {
    Chosen chosen;
    if (name && scope != memory::Scope::both) {
        chosen.namespaces.push_back({scope, std::move(*name)});
        co_return chosen;
    }
    if (name) {
        chosen.namespaces.push_back({memory::Scope::project, *name});
        chosen.namespaces.push_back({memory::Scope::shared, std::move(*name)});
        co_return chosen;
    }
    memory::NamespaceListRequest query;
    query.scope = scope;
    query.access = tool.admission.access;
    query.limit = kStatisticsMax;
    auto page =
        co_await tool.call.services().memory.list_namespaces(tool.call.context(), std::move(query));
    if (!page) {
        co_return fail(std::move(page.error()));
    }
    for (memory::Namespace& found : page->namespaces) {
        chosen.namespaces.push_back({found.scope, std::move(found.name)});
    }
    chosen.complete = page->next_cursor.empty();
    co_return chosen;
}

void append_statistics(std::string& out, const memory::NamespaceStatistics& statistics) {
    json::ObjectWriter(out)
        .string("scope", name_of(statistics.details.scope))
        .string("name", statistics.details.name)
        .number("entries", statistics.entries)
        .number("entries_with_embedding", statistics.entries_with_embedding)
        .number("bytes", statistics.bytes)
        .end();
}

std::string totals(const std::vector<memory::NamespaceStatistics>& all, bool complete) {
    std::int64_t entries = 0;
    std::int64_t bytes = 0;
    for (const memory::NamespaceStatistics& statistics : all) {
        entries += statistics.entries;
        bytes += statistics.bytes;
    }
    std::string out;
    json::ObjectWriter object(out);
    object.name("namespaces");
    json::append_array(out, all, [&out](const memory::NamespaceStatistics& statistics) {
        append_statistics(out, statistics);
    });
    object.number("entries", entries).number("bytes", bytes).boolean("complete", complete);
    object.end();
    return out;
}

}  // namespace

Task<Result<ToolReply>> memory_stats(ToolCall tool) {
    json::FieldReader reader(tool.arguments);
    auto name = reader.optional_string("namespace");
    const memory::Scope scope = read_scope(reader, memory::Scope::project);
    const auto read = reader.finish();
    if (!read) {
        co_return fail(read.error());
    }
    const bool named = name.has_value();
    auto chosen = co_await choose_namespaces(tool, std::move(name), scope);
    if (!chosen) {
        co_return fail(std::move(chosen.error()));
    }
    std::vector<Task<Result<memory::NamespaceStatistics>>> tasks;
    for (NamedNamespace& wanted : chosen->namespaces) {
        tasks.push_back(tool.call.services().memory.namespace_statistics(
            tool.call.context(), wanted.scope, std::move(wanted.name)));
    }
    const auto results = co_await async::when_all(std::move(tasks));
    std::vector<memory::NamespaceStatistics> all;
    for (const auto& result : results) {
        if (result) {
            all.push_back(*result);
        } else if (!result.error().is(Failure::not_found)) {
            co_return fail(result.error());
        }
    }
    ToolReply reply;
    reply.content = totals(all, chosen->complete);
    reply.outcome = named && all.empty() ? name_of(Failure::not_found) : "ok";
    co_return reply;
}

Task<Result<ToolReply>> namespace_list(ToolCall tool) {
    json::FieldReader reader(tool.arguments);
    memory::NamespaceListRequest query;
    query.name_prefix = reader.optional_string("prefix").value_or("");
    query.limit = static_cast<std::size_t>(reader.optional_integer("limit").value_or(100));
    query.cursor = reader.optional_string("cursor").value_or("");
    query.scope = read_scope(reader, memory::Scope::both);
    query.access = tool.admission.access;
    const auto read = reader.finish();
    if (!read) {
        co_return fail(read.error());
    }
    const auto page =
        co_await tool.call.services().memory.list_namespaces(tool.call.context(), std::move(query));
    if (!page) {
        co_return fail(page.error());
    }
    ToolReply reply;
    append_namespace_page(reply.content, *page);
    co_return reply;
}

Task<Result<ToolReply>> namespace_create(ToolCall tool) {
    json::FieldReader reader(tool.arguments);
    memory::NamespaceRequest request;
    request.name = reader.require_string("namespace");
    read_write_scope(reader, request.scope);
    read_namespace_settings(reader, request);
    const auto read = reader.finish();
    if (!read) {
        co_return fail(read.error());
    }
    const auto created = co_await tool.call.services().memory.create_namespace(tool.call.context(),
                                                                               std::move(request));
    if (!created) {
        co_return fail(created.error());
    }
    ToolReply reply;
    json::ObjectWriter object(reply.content);
    object.name("namespace");
    append_namespace(reply.content, *created);
    object.end();
    co_return reply;
}

Task<Result<ToolReply>> cluster_status(ToolCall tool) {
    ToolReply reply;
    append_cluster_status(reply.content, tool.call.services().cluster.status(), nullptr);
    co_return reply;
}

Task<Result<ToolReply>> cluster_health(ToolCall tool) {
    const cluster::ClusterStatus status = tool.call.services().cluster.status();
    const std::string problem = tool.call.services().cluster.not_ready_reason();
    std::int64_t healthy = 0;
    for (const cluster::NodeStatus& node : status.nodes) {
        healthy += node.healthy ? 1 : 0;
    }
    ToolReply reply;
    json::ObjectWriter(reply.content)
        .boolean("ready", problem.empty())
        .string("problem", problem)
        .number("nodes", static_cast<std::int64_t>(status.nodes.size()))
        .number("nodes_healthy", healthy)
        .end();
    co_return reply;
}

}  // namespace pgmind::integration::mcp
