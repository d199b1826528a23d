#include <utility>

#include "integration/adapters/json_mapping.hpp"
#include "integration/adapters/mcp/memory_tools.hpp"
#include "platform/json/field_reader.hpp"

namespace pgmind::integration::mcp {
namespace {

constexpr std::size_t kListLimit = 50;

std::string read_namespace(json::FieldReader& reader) {
    return reader.optional_string("namespace").value_or(std::string(kDefaultNamespace));
}

memory::Scope read_scope(json::FieldReader& reader) {
    const auto index = reader.optional_choice("scope", {"project", "shared", "both"});
    return static_cast<memory::Scope>(index.value_or(0));
}

// Tags are metadata, so that one filter language reaches them.
Result<std::string> with_tags(std::string metadata, const json::Object& arguments) {
    const json::Value* tags = arguments.find("tags");
    if (tags == nullptr) {
        return metadata;
    }
    const json::Object members = json::parse_object(metadata, json::ReadLimits{}).value();
    if (members.find("tags") != nullptr) {
        return fail(invalid_argument("tags", "stands in metadata too: give it once"));
    }
    std::string merged;
    json::ObjectWriter object(merged);
    object.raw("tags", tags->text());
    for (const json::Member& member : members.members()) {
        std::string name;
        json::append_string(name, member.name);
        merged += ',' + name + ':' + std::string(member.value.text());
    }
    object.end();
    return merged;
}

// An entry without its value: a list is to be read, not carried.
void append_summary(std::string& out, const memory::Entry& entry) {
    json::ObjectWriter object(out);
    object.string("scope", name_of(entry.scope))
        .string("namespace", entry.namespace_name)
        .string("key", entry.key)
        .number("value_bytes", static_cast<std::int64_t>(entry.value_json.size()))
        .raw("metadata", entry.metadata_json.empty() ? "{}" : entry.metadata_json)
        .number("version", entry.version)
        .string("updated_at", format_time(entry.updated_at));
    if (entry.expires_at) {
        object.string("expires_at", format_time(*entry.expires_at));
    } else {
        object.null("expires_at");
    }
    object.end();
}

std::string summaries(const memory::EntryPage& page) {
    std::string out;
    json::ObjectWriter object(out);
    object.name("entries");
    json::append_array(out, page.entries,
                       [&out](const memory::Entry& entry) { append_summary(out, entry); });
    if (page.next_cursor.empty()) {
        object.null("next_cursor");
    } else {
        object.string("next_cursor", page.next_cursor);
    }
    object.end();
    return out;
}

}  // namespace

Task<Result<ToolReply>> memory_store(ToolCall tool) {
    json::FieldReader reader(tool.arguments);
    memory::StoreRequest entry;
    entry.key = reader.require_string("key");
    entry.value_json = reader.require_raw("value");
    entry.namespace_name = read_namespace(reader);
    entry.text = reader.optional_string("text");
    entry.embedding = reader.optional_floats("embedding");
    if (const auto ttl = reader.optional_integer("ttl")) {
        entry.ttl = std::chrono::seconds(*ttl);
    }
    const bool upsert = reader.optional_boolean("upsert").value_or(true);
    entry.mode = upsert ? memory::StoreMode::upsert : memory::StoreMode::create_only;
    read_write_scope(reader, entry.scope);
    std::string metadata = reader.optional_raw_object("metadata").value_or("{}");
    reader.ignore("tags");
    const auto read = reader.finish();
    if (!read) {
        co_return fail(read.error());
    }
    auto merged = with_tags(std::move(metadata), tool.arguments);
    if (!merged) {
        co_return fail(std::move(merged.error()));
    }
    entry.metadata_json = std::move(*merged);
    const auto stored =
        co_await tool.call.services().memory.store(tool.call.context(), std::move(entry));
    if (!stored) {
        co_return fail(stored.error());
    }
    ToolReply reply;
    append_store_result(reply.content, *stored);
    co_return reply;
}

Task<Result<ToolReply>> memory_retrieve(ToolCall tool) {
    json::FieldReader reader(tool.arguments);
    memory::EntryAddress address;
    address.key = reader.require_string("key");
    address.namespace_name = read_namespace(reader);
    address.scope = read_scope(reader);
    const bool with_embedding = reader.optional_boolean("with_embedding").value_or(false);
    const auto read = reader.finish();
    if (!read) {
        co_return fail(read.error());
    }
    const auto entry = co_await tool.call.services().memory.retrieve(
        tool.call.context(), std::move(address), with_embedding);
    ToolReply reply;
    if (!entry && entry.error().is(Failure::not_found)) {
        reply.content = R"({"found":false})";
        reply.outcome = name_of(Failure::not_found);
        co_return reply;
    }
    if (!entry) {
        co_return fail(entry.error());
    }
    json::ObjectWriter object(reply.content);
    object.boolean("found", true).name("entry");
    append_entry(reply.content, *entry);
    object.end();
    co_return reply;
}

Task<Result<ToolReply>> memory_delete(ToolCall tool) {
    json::FieldReader reader(tool.arguments);
    memory::DeleteRequest target;
    target.address.key = reader.require_string("key");
    target.address.namespace_name = read_namespace(reader);
    read_write_scope(reader, target.address.scope);
    const auto read = reader.finish();
    if (!read) {
        co_return fail(read.error());
    }
    const auto removed =
        co_await tool.call.services().memory.remove(tool.call.context(), std::move(target));
    ToolReply reply;
    if (!removed && removed.error().is(Failure::not_found)) {
        reply.content = R"({"deleted":false})";
        reply.outcome = name_of(Failure::not_found);
        co_return reply;
    }
    if (!removed) {
        co_return fail(removed.error());
    }
    reply.content = R"({"deleted":true})";
    co_return reply;
}

Task<Result<ToolReply>> memory_list(ToolCall tool) {
    json::FieldReader reader(tool.arguments);
    memory::ListRequest query;
    query.limit = kListLimit;
    query.namespace_name = read_namespace(reader);
    read_list_query(reader, query);
    const bool with_values = reader.optional_boolean("with_values").value_or(false);
    const auto read = reader.finish();
    if (!read) {
        co_return fail(read.error());
    }
    const auto page =
        co_await tool.call.services().memory.list(tool.call.context(), std::move(query));
    if (!page) {
        co_return fail(page.error());
    }
    ToolReply reply;
    if (with_values) {
        append_entry_page(reply.content, *page);
    } else {
        reply.content = summaries(*page);
    }
    co_return reply;
}

}  // namespace pgmind::integration::mcp
