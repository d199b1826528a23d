#include "integration/adapters/filter_json.hpp"
#include "integration/adapters/json_mapping.hpp"
#include "integration/adapters/rest/handlers.hpp"
#include "integration/adapters/rest/query.hpp"

namespace pgmind::integration::rest {
namespace {

using memory::Limits;

constexpr json::ReadLimits kFilterLimits{.bytes_max = std::size_t{16} * 1024, .depth_max = 32};

Result<std::optional<memory::Filter>> read_filter_parameter(const Call& call) {
    const auto text = call.query("filter");
    if (!text) {
        return std::nullopt;
    }
    const auto value = json::parse(*text, kFilterLimits);
    if (!value) {
        Error error = value.error();
        error.field = "filter";
        return fail(std::move(error));
    }
    return read_filter(*value, "filter");
}

Result<memory::ListRequest> read_list(const Call& call) {
    memory::ListRequest request;
    request.namespace_name = call.parameter("namespace");
    request.key_prefix = query_text(call, "prefix");
    request.cursor = query_text(call, "cursor");
    const auto scope = query_scope(call, request.scope, true);
    if (!scope) {
        return fail(scope.error());
    }
    request.scope = *scope;
    const auto limit = query_limit(call, request.limit, Limits::results_max);
    if (!limit) {
        return fail(limit.error());
    }
    request.limit = *limit;
    if (const auto order = call.query("order")) {
        if (auto parsed = parse_order(*order, "order", request); !parsed) {
            return fail(std::move(parsed.error()));
        }
    }
    auto filter = read_filter_parameter(call);
    if (!filter) {
        return fail(std::move(filter.error()));
    }
    request.filter = std::move(*filter);
    const auto with_embedding = query_flag(call, "with_embedding");
    if (!with_embedding) {
        return fail(with_embedding.error());
    }
    request.with_embedding = *with_embedding;
    return request;
}

Task<Result<Reply>> reply_with_page(Call& call, Result<memory::ListRequest> request) {
    if (!request) {
        co_return fail(std::move(request.error()));
    }
    auto page = co_await call.services.memory.list(call.context, std::move(*request));
    if (!page) {
        co_return fail(std::move(page.error()));
    }
    std::string body;
    append_entry_page(body, *page);
    co_return json_reply(std::move(body));
}

}  // namespace

Task<Result<Reply>> list_entries(Call& call) {
    auto request = read_list(call);
    auto reply = co_await reply_with_page(call, std::move(request));
    co_return reply;
}

Task<Result<Reply>> query_entries(Call& call) {
    memory::ListRequest list;
    list.namespace_name = call.parameter("namespace");
    json::FieldReader reader(*call.body);
    read_list_query(reader, list);
    auto finished = reader.finish();
    Result<memory::ListRequest> request =
        finished ? Result<memory::ListRequest>(std::move(list)) : fail(finished.error());
    auto reply = co_await reply_with_page(call, std::move(request));
    co_return reply;
}

}  // namespace pgmind::integration::rest
