#include "integration/adapters/rest/grant_json.hpp"
#include "integration/adapters/rest/handlers.hpp"
#include "platform/json/field_reader.hpp"
#include "platform/json/writer.hpp"

namespace pgmind::integration::rest {
namespace {

using json::FieldReader;
using json::ObjectWriter;
using security::Grant;
using security::Security;

void append_optional_time(ObjectWriter& object, std::string_view name,
                          const std::optional<WallTime>& time) {
    if (time) {
        object.string(name, format_time(*time));
    } else {
        object.null(name);
    }
}

void append_principal(std::string& out, const security::PrincipalDetails& principal) {
    ObjectWriter object(out);
    object.string("id", principal.id.value())
        .string("name", principal.name)
        .string("kind", name_of(principal.kind))
        .boolean("disabled", principal.disabled)
        .name("grants");
    append_grants(out, principal.grants);
    object.string("created_at", format_time(principal.created_at));
    object.end();
}

void append_key_members(ObjectWriter& object, const security::ApiKeyDetails& key) {
    object.string("key_id", key.key_id)
        .string("principal_id", key.principal.value())
        .string("label", key.label)
        .string("created_at", format_time(key.created_at));
    append_optional_time(object, "expires_at", key.expires_at);
    append_optional_time(object, "revoked_at", key.revoked_at);
}

Result<Reply> principal_reply(const Result<security::PrincipalDetails>& details) {
    if (!details) {
        return fail(details.error());
    }
    std::string body;
    append_principal(body, *details);
    return json_reply(std::move(body));
}

Security& security_of(Call& call) {
    return call.services.gate.security();
}

}  // namespace

Task<Result<Reply>> list_principals(Call& call) {
    const auto principals = co_await security_of(call).list_principals(call.context);
    if (!principals) {
        co_return fail(principals.error());
    }
    std::string body;
    ObjectWriter object(body);
    object.name("principals");
    json::append_array(body, *principals, [&body](const security::PrincipalDetails& principal) {
        append_principal(body, principal);
    });
    object.end();
    co_return json_reply(std::move(body));
}

Task<Result<Reply>> create_principal(Call& call) {
    security::NewPrincipal principal;
    FieldReader reader(*call.body);
    principal.name = reader.require_string("name");
    if (const auto kind = reader.optional_string("kind")) {
        const auto parsed = security::parse_principal_kind(*kind);
        if (!parsed) {
            reader.refuse("kind", parsed.error().detail);
        } else {
            principal.kind = *parsed;
        }
    }
    principal.grants = read_grants(reader);
    if (auto finished = reader.finish(); !finished) {
        co_return fail(std::move(finished.error()));
    }
    const std::string path = "/api/v1/principals/" + http::percent_encode(principal.name);
    const auto created =
        co_await security_of(call).create_principal(call.context, std::move(principal));
    auto reply = principal_reply(created);
    if (reply) {
        reply->status = 201;
        reply->headers.add("Location", path);
    }
    co_return reply;
}

Task<Result<Reply>> put_grants(Call& call) {
    FieldReader reader(*call.body);
    if (call.body->find("grants") == nullptr) {
        reader.refuse("grants", "is required");
    }
    std::vector<Grant> grants = read_grants(reader);
    if (auto finished = reader.finish(); !finished) {
        co_return fail(std::move(finished.error()));
    }
    const auto details = co_await security_of(call).set_grants(call.context, call.parameter("name"),
                                                               std::move(grants));
    co_return principal_reply(details);
}

Task<Result<Reply>> disable_principal(Call& call) {
    const auto done =
        co_await security_of(call).disable_principal(call.context, call.parameter("name"));
    co_return empty_reply(done);
}

Task<Result<Reply>> list_keys(Call& call) {
    const auto keys =
        co_await security_of(call).list_api_keys(call.context, call.parameter("name"));
    if (!keys) {
        co_return fail(keys.error());
    }
    std::string body;
    ObjectWriter object(body);
    object.name("keys");
    json::append_array(body, *keys, [&body](const security::ApiKeyDetails& key) {
        ObjectWriter row(body);
        append_key_members(row, key);
        row.end();
    });
    object.end();
    co_return json_reply(std::move(body));
}

Task<Result<Reply>> create_key(Call& call) {
    security::NewApiKey key;
    key.principal_name = call.parameter("name");
    FieldReader reader(*call.body);
    key.label = reader.optional_string("label").value_or("");
    const auto ttl = reader.optional_integer("ttl_seconds");
    if (ttl && (*ttl < 1 || *ttl > memory::Limits::ttl_seconds_max)) {
        reader.refuse("ttl_seconds", "must be from 1 to 315360000 seconds");
    } else if (ttl) {
        key.ttl = std::chrono::seconds(*ttl);
    }
    if (auto finished = reader.finish(); !finished) {
        co_return fail(std::move(finished.error()));
    }
    const auto issued = co_await security_of(call).create_api_key(call.context, std::move(key));
    if (!issued) {
        co_return fail(issued.error());
    }
    std::string body;
    ObjectWriter object(body);
    object.string("api_key", issued->api_key);
    append_key_members(object, issued->details);
    object.end();
    Reply reply = json_reply(std::move(body));
    reply.status = 201;
    co_return reply;
}

Task<Result<Reply>> revoke_key(Call& call) {
    const auto done = co_await security_of(call).revoke_api_key(call.context, call.parameter("id"));
    co_return empty_reply(done);
}

}  // namespace pgmind::integration::rest
