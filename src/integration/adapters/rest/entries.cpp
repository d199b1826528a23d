#include "integration/adapters/json_mapping.hpp"
#include "integration/adapters/rest/conditional.hpp"
#include "integration/adapters/rest/handlers.hpp"
#include "integration/adapters/rest/query.hpp"

namespace pgmind::integration::rest {
namespace {

using memory::Scope;
using memory::StoreMode;

std::string entry_path(const memory::Entry& entry) {
    return "/api/v1/namespaces/" + http::percent_encode(entry.namespace_name) + "/entries/" +
           http::percent_encode(entry.key);
}

// If-Match and If-None-Match, as the memory context says the same.
Result<void> read_conditions(const Call& call, memory::StoreRequest& request) {
    const auto match = call.header("If-Match");
    const auto none_match = call.header("If-None-Match");
    if (match && none_match) {
        return fail(invalid_argument("If-Match", "cannot stand together with If-None-Match"));
    }
    if (none_match) {
        if (*none_match != "*") {
            return fail(invalid_argument("If-None-Match", "must be * when an entry is stored"));
        }
        request.mode = StoreMode::create_only;
    }
    if (!match) {
        return {};
    }
    const auto condition = parse_if_match(*match);
    if (!condition) {
        return fail(condition.error());
    }
    request.mode = StoreMode::update_only;
    if (!condition->any) {
        request.expected_version = condition->version;
    }
    return {};
}

Result<memory::StoreRequest> read_store(Call& call) {
    memory::StoreRequest request;
    request.namespace_name = call.parameter("namespace");
    request.key = call.parameter("key");
    const auto scope = query_scope(call, Scope::project, false);
    if (!scope) {
        return fail(scope.error());
    }
    request.scope = *scope;
    if (auto conditions = read_conditions(call, request); !conditions) {
        return fail(std::move(conditions.error()));
    }
    if (const auto key = call.header("Idempotency-Key")) {
        request.idempotency_key = std::string(*key);
    }
    json::FieldReader reader(*call.body);
    read_entry_content(reader, request);
    if (auto finished = reader.finish(); !finished) {
        return fail(std::move(finished.error()));
    }
    return request;
}

// A condition that fails is 412, whatever made it fail.
Error refused_store(const Error& error, bool conditional) {
    if (error.reason == memory::kIdempotencyKeyReused) {
        return Error(Errc::idempotency_key_reused, error.detail, "Idempotency-Key");
    }
    const bool failed_condition =
        conditional && (error.is(Failure::already_exists) || error.is(Failure::not_found));
    return failed_condition ? Error(Errc::precondition_failed, error.detail, error.field) : error;
}

}  // namespace

Task<Result<Reply>> store_entry(Call& call) {
    auto request = read_store(call);
    if (!request) {
        co_return fail(std::move(request.error()));
    }
    const bool conditional = request->mode != StoreMode::upsert;
    auto stored = co_await call.services.memory.store(call.context, std::move(*request));
    if (!stored) {
        co_return fail(refused_store(stored.error(), conditional));
    }
    std::string body;
    append_store_result(body, *stored);
    Reply reply = json_reply(std::move(body));
    reply.headers.add("ETag", entity_tag(stored->entry));
    if (stored->created) {
        reply.status = 201;
        reply.headers.add("Location", entry_path(stored->entry));
    }
    if (stored->replayed) {
        reply.headers.add("Idempotency-Replayed", "true");
    }
    co_return reply;
}

Task<Result<Reply>> get_entry(Call& call) {
    const auto scope = query_scope(call, Scope::project, true);
    if (!scope) {
        co_return fail(scope.error());
    }
    const auto with_embedding = query_flag(call, "with_embedding");
    if (!with_embedding) {
        co_return fail(with_embedding.error());
    }
    memory::EntryAddress address{*scope, call.parameter("namespace"), call.parameter("key")};
    auto entry =
        co_await call.services.memory.retrieve(call.context, std::move(address), *with_embedding);
    if (!entry) {
        co_return fail(std::move(entry.error()));
    }
    Reply reply;
    const std::string tag = entity_tag(*entry);
    const auto none_match = call.header("If-None-Match");
    if (none_match && none_match_holds(*none_match, tag)) {
        reply.status = 304;
        reply.content_type.clear();
    } else {
        reply.body.reserve(entry->value_json.size() + entry->text.size() + 512);
        append_entry(reply.body, *entry);
    }
    reply.headers.add("ETag", tag);
    // The caller may keep it, and asks with the tag whether it still holds.
    reply.headers.add("Cache-Control", "private, no-cache");
    co_return reply;
}

Task<Result<Reply>> delete_entry(Call& call) {
    const auto scope = query_scope(call, Scope::project, false);
    if (!scope) {
        co_return fail(scope.error());
    }
    memory::DeleteRequest target;
    target.address = {*scope, call.parameter("namespace"), call.parameter("key")};
    if (const auto match = call.header("If-Match")) {
        const auto condition = parse_if_match(*match);
        if (!condition) {
            co_return fail(condition.error());
        }
        if (!condition->any) {
            target.expected_version = condition->version;
        }
    }
    auto removed = co_await call.services.memory.remove(call.context, std::move(target));
    if (!removed) {
        co_return fail(std::move(removed.error()));
    }
    Reply reply;
    reply.status = 204;
    reply.content_type.clear();
    co_return reply;
}

}  // namespace pgmind::integration::rest
