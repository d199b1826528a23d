
#include "security/api/errors.hpp"
#include "security/api/events.hpp"
#include "security/app/audit_records.hpp"
#include "security/app/security_service.hpp"

namespace pgmind::security {
namespace {

// Stand-ins with the lengths of the real ones, for when there is no real one to compare with.
constexpr std::string_view kNoKeyId = "0000000000000000";
constexpr std::string_view kNoSecret = "0000000000000000000000000000000000000000000";
constexpr std::string_view kNoPrincipal = "00000000-0000-7000-8000-000000000000";

}  // namespace

// What became of the credential. `principal` is set only when the secret was right.
struct SecurityService::KeyCheck {
    PrincipalSnapshot principal;
    std::string key_id;       ///< empty when nothing well-formed was presented
    std::string_view reason;  ///< empty: let in
};

// Takes the same steps whatever is wrong: one look-up, one HMAC over a message of one length, one
// comparison in constant time. So neither the answer nor its time tells which keys exist.
SecurityService::KeyCheck SecurityService::check_key(const Directory& directory,
                                                     const std::string& api_key) const {
    const auto parts = parse_api_key(api_key);
    const ApiKeyParts presented = parts.value_or(ApiKeyParts{kNoKeyId, kNoSecret});
    const DirectoryKey* key = directory.find_key(presented.key_id);
    const std::string_view principal =
        key == nullptr ? kNoPrincipal : std::string_view(key->principal->id.value());
    const KeyDigest digest =
        parts_.cryptography.digest(key_message(presented.key_id, presented.secret, principal));
    const KeyDigest expected = key == nullptr ? KeyDigest{} : key->stored.digest;
    const bool same = parts_.cryptography.equal(digest, expected);
    if (!parts) {
        return {nullptr, "", api_key.empty() ? "no credential" : "malformed key"};
    }
    if (key == nullptr || !same) {
        return {nullptr, std::string(presented.key_id),
                key == nullptr ? "unknown key" : "wrong secret"};
    }
    return {key->principal, std::string(presented.key_id),
            unusable_reason(*key, parts_.clock.now())};
}

Task<Result<PrincipalSnapshot>> SecurityService::authenticate(const RequestContext& request,
                                                              Credentials credentials) {
    if (credentials.api_key.starts_with(kSessionPrefix)) {
        auto principal = co_await authenticate_session(request, std::move(credentials));
        co_return principal;
    }
    if (credentials.api_key.empty() && credentials.certificate) {
        auto principal =
            co_await authenticate_certificate(request, std::move(*credentials.certificate));
        co_return principal;
    }
    if (is_foreign(credentials.api_key)) {
        auto principal = co_await authenticate_token(request, std::move(credentials));
        co_return principal;
    }
    const auto directory = reader_.current(parts_.clock.steady_now());
    if (!directory) {
        co_return fail(directory.error());
    }
    const KeyCheck check = check_key(**directory, credentials.api_key);
    parts_.cryptography.wipe(credentials.api_key);
    if (check.reason.empty()) {
        publish(request, check.principal->id, PrincipalAuthenticated{check.principal->name});
        co_return check.principal;
    }
    publish(request, PrincipalId(), SecurityViolationDetected{"unauthenticated"});
    AuditRecord record = failure_record(request, parts_.clock.now(), check.key_id,
                                        check.principal.get(), check.reason);
    const auto written = co_await write_failure(request, std::move(record));
    if (!written) {
        co_return fail(written.error());
    }
    co_return fail(Errc::unauthenticated, "a valid API key is needed");
}

Task<Result<void>> SecurityService::record_turned_away(const RequestContext& request,
                                                       TurnedAway refusal) {
    publish(request, PrincipalId(), SecurityViolationDetected{"turned_away"});
    AuditRecord record = turned_away_record(request, parts_.clock.now(), refusal);
    auto written = co_await write_failure(request, std::move(record));
    co_return written;
}

Task<Result<void>> SecurityService::write_failure(const RequestContext& request,
                                                  AuditRecord record) {
    if (!parts_.failures.admit(request.remote_address)) {
        co_return Result<void>();  // Counted, and written as one record with others.
    }
    const Deadline deadline = audit_deadline(request);
    auto written = co_await parts_.audit.write_durably(std::move(record), deadline);
    if (written) {
        publish(request, PrincipalId(), AuditLogCreated{"deny"});
    }
    co_return written;
}

}  // namespace pgmind::security
