// Logging in, the caller's own password and sessions, and those of others for administrators.
#include "integration/adapters/rest/handlers.hpp"
#include "platform/json/field_reader.hpp"
#include "platform/json/writer.hpp"

namespace pgmind::integration::rest {
namespace {

using json::FieldReader;
using json::ObjectWriter;

security::Security& security_of(Call& call) {
    return call.services.gate.security();
}

void append_session_members(ObjectWriter& object, const security::SessionDetails& session) {
    object.string("session_id", session.session_id)
        .string("principal_id", session.principal.value())
        .string("created_at", format_time(session.created_at))
        .string("last_used_at", format_time(session.last_used_at))
        .string("expires_at", format_time(session.expires_at));
    if (session.revoked_at) {
        object.string("revoked_at", format_time(*session.revoked_at));
    } else {
        object.null("revoked_at");
    }
    object.string("remote_address", session.remote_address)
        .boolean("second_factor", session.second_factor);
}

// `current` is the session that asks, if one does.
Result<Reply> sessions_reply(const Result<std::vector<security::SessionDetails>>& sessions,
                             const std::string& current) {
    if (!sessions) {
        return fail(sessions.error());
    }
    std::string body;
    ObjectWriter object(body);
    object.name("sessions");
    json::append_array(body, *sessions, [&](const security::SessionDetails& session) {
        ObjectWriter row(body);
        append_session_members(row, session);
        row.boolean("current", session.session_id == current);
        row.end();
    });
    object.end();
    return json_reply(std::move(body));
}

}  // namespace

Task<Result<Reply>> log_in(Call& call) {
    security::LoginRequest login;
    FieldReader reader(*call.body);
    login.name = reader.require_string("name");
    login.password = reader.require_string("password");
    login.code = reader.optional_string("code").value_or("");
    if (auto finished = reader.finish(); !finished) {
        co_return fail(std::move(finished.error()));
    }
    const auto issued = co_await security_of(call).log_in(call.context, std::move(login));
    if (!issued) {
        co_return fail(issued.error());
    }
    std::string body;
    ObjectWriter object(body);
    object.string("token", issued->token);
    append_session_members(object, issued->details);
    object.number("idle_timeout_seconds", std::int64_t{issued->idle_timeout.count()})
        .boolean("second_factor_needed", issued->second_factor_needed);
    object.end();
    Reply reply = json_reply(std::move(body));
    reply.status = 201;
    co_return reply;
}

Task<Result<Reply>> change_password(Call& call) {
    security::PasswordChange change;
    FieldReader reader(*call.body);
    change.current = reader.require_string("current_password");
    change.wanted = reader.require_string("password");
    if (auto finished = reader.finish(); !finished) {
        co_return fail(std::move(finished.error()));
    }
    security::PrincipalSnapshot principal = call.admission.principal;
    const auto done = co_await security_of(call).change_password(call.context, std::move(principal),
                                                                 std::move(change));
    co_return empty_reply(done);
}

Task<Result<Reply>> list_own_sessions(Call& call) {
    const security::Principal& caller = *call.admission.principal;
    const auto sessions = co_await security_of(call).list_sessions(call.context, caller.name);
    co_return sessions_reply(sessions, caller.session_id);
}

Task<Result<Reply>> revoke_own_session(Call& call) {
    const security::Principal& caller = *call.admission.principal;
    const auto done =
        co_await security_of(call).revoke_session(call.context, caller.name, call.parameter("id"));
    co_return empty_reply(done);
}

Task<Result<Reply>> set_password(Call& call) {
    FieldReader reader(*call.body);
    std::string password = reader.require_string("password");
    if (auto finished = reader.finish(); !finished) {
        co_return fail(std::move(finished.error()));
    }
    const auto done = co_await security_of(call).set_password(call.context, call.parameter("name"),
                                                              std::move(password));
    co_return empty_reply(done);
}

Task<Result<Reply>> list_sessions(Call& call) {
    const auto sessions =
        co_await security_of(call).list_sessions(call.context, call.parameter("name"));
    co_return sessions_reply(sessions, call.admission.principal->session_id);
}

Task<Result<Reply>> revoke_session(Call& call) {
    const auto done = co_await security_of(call).revoke_session(
        call.context, call.parameter("name"), call.parameter("id"));
    co_return empty_reply(done);
}

}  // namespace pgmind::integration::rest
