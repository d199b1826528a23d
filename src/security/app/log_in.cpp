// Passwords and sessions at the facade: what needs the database or a hash runs on the security
// loop; a session that was met before is checked right here.
#include "security/api/errors.hpp"
#include "security/api/events.hpp"
#include "security/app/audit_records.hpp"
#include "security/app/security_service.hpp"

namespace pgmind::security {
namespace {

constexpr std::string_view kNoSessionId = "00000000000000000000000000000000";
constexpr std::string_view kNoSecret = "0000000000000000000000000000000000000000000";
constexpr std::string_view kNoPrincipal = "00000000-0000-7000-8000-000000000000";

}  // namespace

// What became of the token. `principal` is set only when the secret was right.
struct SecurityService::SessionCheck {
    PrincipalSnapshot principal;
    std::string session_id;   ///< empty unless the id is one that this cluster made
    std::string_view reason;  ///< empty: let in
};

Task<Result<IssuedSession>> SecurityService::log_in(const RequestContext& request,
                                                    LoginRequest login) {
    auto work = parts_.login.log_in(request, std::move(login));
    auto session = co_await async::run_on(parts_.loop, std::move(work));
    co_return session;
}

Task<Result<void>> SecurityService::set_password(const RequestContext& request,
                                                 std::string principal_name, std::string password) {
    auto work = parts_.login.set_password(request, std::move(principal_name), std::move(password));
    auto done = co_await async::run_on(parts_.loop, std::move(work));
    co_return done;
}

Task<Result<void>> SecurityService::change_password(const RequestContext& request,
                                                    PrincipalSnapshot principal,
                                                    PasswordChange change) {
    const auto directory = reader_.current(parts_.clock.steady_now());
    if (!directory) {
        co_return fail(directory.error());
    }
    if (lacks_second_factor(**directory, *principal)) {
        co_return fail(second_factor_needed());
    }
    auto work = parts_.login.change_password(request, std::move(principal), std::move(change));
    auto done = co_await async::run_on(parts_.loop, std::move(work));
    co_return done;
}

Task<Result<std::vector<SessionDetails>>> SecurityService::list_sessions(
    const RequestContext& request, std::string principal_name) {
    const auto directory = reader_.current(parts_.clock.steady_now());
    if (!directory) {
        co_return fail(directory.error());
    }
    const PrincipalDetails* principal = (*directory)->find_principal_named(principal_name);
    if (principal == nullptr) {
        co_return fail(Errc::principal_not_found, "there is no principal '" + principal_name + "'");
    }
    auto work = parts_.session_keeper.list(principal->id, request.deadline);
    auto sessions = co_await async::run_on(parts_.loop, std::move(work));
    co_return sessions;
}

Task<Result<void>> SecurityService::revoke_session(const RequestContext& request,
                                                   std::string principal_name,
                                                   std::string session_id) {
    const auto directory = reader_.current(parts_.clock.steady_now());
    if (!directory) {
        co_return fail(directory.error());
    }
    const PrincipalDetails* principal = (*directory)->find_principal_named(principal_name);
    if (principal == nullptr) {
        co_return fail(Errc::principal_not_found, "there is no principal '" + principal_name + "'");
    }
    const PrincipalDetails* actor = (*directory)->find_principal(request.principal);
    AuditRecord record = session_record(request, parts_.clock.now(), session_id);
    record.principal_name = actor == nullptr ? request.principal_name : actor->name;
    record.reason = "of " + principal->name;
    auto work = parts_.session_keeper.revoke(session_id, principal->id, std::move(record),
                                             request.deadline);
    const auto revoked = co_await async::run_on(parts_.loop, std::move(work));
    if (!revoked) {
        co_return fail(revoked.error());
    }
    if (!*revoked) {
        co_return fail(Errc::session_not_found, "'" + principal_name + "' has no such session");
    }
    publish(request, request.principal, AuditLogCreated{"allow"});
    co_return Result<void>();
}

bool SecurityService::made_here(const SessionTokenParts& token) const {
    const std::string_view seed = token.session_id.substr(0, kSessionSeedLength);
    const KeyDigest tag = parts_.cryptography.digest(seed_message(seed));
    const std::string expected = session_id_of(seed, tag);
    // Compared as digests, in the same time wherever they differ.
    return parts_.cryptography.equal(parts_.cryptography.digest(expected),
                                     parts_.cryptography.digest(token.session_id));
}

// As check_key(): the same steps whatever is wrong.
SecurityService::SessionCheck SecurityService::check_session(
    const Directory& directory, const SessionTokenParts& token,
    const std::optional<StoredSession>& session) const {
    const std::string_view owner =
        session ? std::string_view(session->details.principal.value()) : kNoPrincipal;
    const KeyDigest digest =
        parts_.cryptography.digest(session_message(token.session_id, token.secret, owner));
    const KeyDigest expected = session ? session->digest : KeyDigest{};
    const bool same = parts_.cryptography.equal(digest, expected);
    std::string id(token.session_id);
    if (!session || !same) {
        return {nullptr, std::move(id), session ? "wrong secret" : "unknown session"};
    }
    const PrincipalDetails* details = directory.find_principal(session->details.principal);
    if (details == nullptr) {
        return {nullptr, std::move(id), "principal unknown"};
    }
    auto principal = std::make_shared<const Principal>(
        Principal{details->id, details->name, details->kind, details->grants, "", id,
                  session->details.second_factor});
    const std::string_view reason =
        details->disabled
            ? "principal disabled"
            : unusable_reason(session->details, parts_.sessions.rules(), parts_.clock.now());
    return {std::move(principal), std::move(id), reason};
}

Task<Result<PrincipalSnapshot>> SecurityService::authenticate_session(const RequestContext& request,
                                                                      Credentials credentials) {
    const auto parts = parse_session_token(credentials.api_key);
    const SessionTokenParts token = parts.value_or(SessionTokenParts{kNoSessionId, kNoSecret});
    const bool genuine = made_here(token) && parts.has_value();
    const std::string id(token.session_id);
    auto session = parts_.sessions.find(id, parts_.clock.steady_now());
    if (genuine && !session) {
        auto work = parts_.session_keeper.fetch(id, request.deadline);
        const auto fetched = co_await async::run_on(parts_.loop, std::move(work));
        if (!fetched) {
            co_return fail(fetched.error());
        }
        session = parts_.sessions.find(id, parts_.clock.steady_now());
    }
    const auto directory = reader_.current(parts_.clock.steady_now());
    if (!directory) {
        co_return fail(directory.error());
    }
    SessionCheck check = check_session(**directory, token, session);
    parts_.cryptography.wipe(credentials.api_key);
    if (!genuine) {
        check = {nullptr, "", parts ? "invented session" : "malformed session"};
    }
    if (check.reason.empty()) {
        parts_.sessions.note_use(id, parts_.clock.now());
        publish(request, check.principal->id, PrincipalAuthenticated{check.principal->name});
        co_return check.principal;
    }
    publish(request, PrincipalId(), SecurityViolationDetected{"unauthenticated"});
    AuditRecord record = failure_record(request, parts_.clock.now(), check.session_id,
                                        check.principal.get(), check.reason);
    record.resource_type = "session";
    const auto written = co_await write_failure(request, std::move(record));
    if (!written) {
        co_return fail(written.error());
    }
    co_return fail(Errc::unauthenticated, "a valid API key is needed");
}

}  // namespace pgmind::security
