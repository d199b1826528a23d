#include <utility>

#include "integration/adapters/json_mapping.hpp"
#include "integration/adapters/mcp/memory_tools.hpp"
#include "platform/json/field_reader.hpp"

namespace pgmind::integration::mcp {
namespace {

void log_search(Call& call, const memory::SearchResult& result) {
    std::string data;
    json::ObjectWriter(data)
        .string("text", "searched")
        .number("hits", static_cast<std::int64_t>(result.hits.size()))
        .number("shards", static_cast<std::int64_t>(result.shards_searched))
        .end();
    call.log(LogLevel::debug, "search", data);
    for (const std::string& note : result.notes) {
        std::string text;
        json::append_string(text, note);
        call.log(LogLevel::notice, "search", text);
    }
}

Task<Result<ToolReply>> search(ToolCall tool, memory::SearchRequest query) {
    query.access = tool.admission.access;
    auto found = co_await tool.call.services().memory.search(tool.call.context(), std::move(query));
    if (!found) {
        co_return fail(std::move(found.error()));
    }
    log_search(tool.call, *found);
    ToolReply reply;
    for (const memory::SearchHit& hit : found->hits) {
        reply.seen.push_back(hit.entry.namespace_name);
    }
    append_search_result(reply.content, *found);
    co_return reply;
}

}  // namespace

Task<Result<ToolReply>> memory_search(ToolCall tool) {
    json::FieldReader reader(tool.arguments);
    memory::SearchRequest query;
    read_search_query(reader, query);
    query.similarity_min = reader.optional_number("threshold");
    const auto read = reader.finish();
    if (!read) {
        co_return fail(read.error());
    }
    auto reply = co_await search(tool, std::move(query));
    co_return reply;
}

Task<Result<ToolReply>> search_similar(ToolCall tool) {
    json::FieldReader reader(tool.arguments);
    memory::SearchRequest query;
    read_search_query(reader, query);
    query.mode = memory::SearchMode::vector;
    query.similarity_min = reader.optional_number("threshold");
    const auto read = reader.finish();
    if (!read) {
        co_return fail(read.error());
    }
    auto reply = co_await search(tool, std::move(query));
    co_return reply;
}

}  // namespace pgmind::integration::mcp
