#include "integration/adapters/json_mapping.hpp"
#include "integration/adapters/rest/handlers.hpp"
#include "integration/adapters/rest/query.hpp"
#include "platform/json/writer.hpp"

namespace pgmind::integration::rest {
namespace {

using memory::Scope;

// Only to tell 201 from 200: whoever creates it in the same moment makes this a 201 too.
Task<Result<bool>> exists(Call& call, Scope scope, std::string name) {
    memory::NamespaceListRequest query;
    query.scope = scope;
    query.access.allowed = {name};
    query.name_prefix = name;
    query.limit = 1;
    auto page = co_await call.services.memory.list_namespaces(call.context, std::move(query));
    if (!page) {
        co_return fail(std::move(page.error()));
    }
    co_return !page->namespaces.empty() && page->namespaces.front().name == name;
}

}  // namespace

Task<Result<Reply>> list_namespaces(Call& call) {
    memory::NamespaceListRequest query;
    query.access = call.admission.access;
    query.name_prefix = query_text(call, "prefix");
    query.cursor = query_text(call, "cursor");
    const auto scope = query_scope(call, Scope::both, true);
    if (!scope) {
        co_return fail(scope.error());
    }
    query.scope = *scope;
    const auto limit = query_limit(call, query.limit, memory::Limits::results_max);
    if (!limit) {
        co_return fail(limit.error());
    }
    query.limit = *limit;
    auto page = co_await call.services.memory.list_namespaces(call.context, std::move(query));
    if (!page) {
        co_return fail(std::move(page.error()));
    }
    std::string body;
    append_namespace_page(body, *page);
    co_return json_reply(std::move(body));
}

Task<Result<Reply>> put_namespace(Call& call) {
    const auto scope = query_scope(call, Scope::project, false);
    if (!scope) {
        co_return fail(scope.error());
    }
    memory::NamespaceRequest request;
    request.scope = *scope;
    request.name = call.parameter("namespace");
    json::FieldReader reader(*call.body);
    read_namespace_settings(reader, request);
    if (auto finished = reader.finish(); !finished) {
        co_return fail(std::move(finished.error()));
    }
    const auto existed = co_await exists(call, *scope, request.name);
    if (!existed) {
        co_return fail(existed.error());
    }
    auto details = co_await call.services.memory.create_namespace(call.context, std::move(request));
    if (!details) {
        co_return fail(std::move(details.error()));
    }
    std::string body;
    append_namespace(body, *details);
    Reply reply = json_reply(std::move(body));
    reply.status = *existed ? 200 : 201;
    co_return reply;
}

Task<Result<Reply>> get_namespace(Call& call) {
    const auto scope = query_scope(call, Scope::project, false);
    if (!scope) {
        co_return fail(scope.error());
    }
    auto statistics = co_await call.services.memory.namespace_statistics(
        call.context, *scope, call.parameter("namespace"));
    if (!statistics) {
        co_return fail(std::move(statistics.error()));
    }
    std::string body;
    append_namespace_statistics(body, *statistics);
    co_return json_reply(std::move(body));
}

Task<Result<Reply>> delete_namespace(Call& call) {
    const auto scope = query_scope(call, Scope::project, false);
    if (!scope) {
        co_return fail(scope.error());
    }
    const auto deleted = co_await call.services.memory.remove_namespace(
        call.context, *scope, call.parameter("namespace"));
    if (!deleted) {
        co_return fail(deleted.error());
    }
    std::string body;
    json::ObjectWriter object(body);
    object.number("deleted_entries", *deleted);
    object.end();
    co_return json_reply(std::move(body));
}

Task<Result<Reply>> rotate_namespace_key(Call& call) {
    const auto scope = query_scope(call, Scope::project, false);
    if (!scope) {
        co_return fail(scope.error());
    }
    const auto entries = co_await call.services.memory.rotate_namespace_key(
        call.context, *scope, call.parameter("namespace"));
    if (!entries) {
        co_return fail(entries.error());
    }
    std::string body;
    json::ObjectWriter(body).number("reencrypted_entries", *entries).end();
    co_return json_reply(std::move(body));
}

Task<Result<Reply>> shred_namespace(Call& call) {
    const auto scope = query_scope(call, Scope::project, false);
    if (!scope) {
        co_return fail(scope.error());
    }
    const auto keys = co_await call.services.memory.shred_namespace(call.context, *scope,
                                                                    call.parameter("namespace"));
    if (!keys) {
        co_return fail(keys.error());
    }
    std::string body;
    json::ObjectWriter(body).number("destroyed_keys", *keys).end();
    co_return json_reply(std::move(body));
}

}  // namespace pgmind::integration::rest
