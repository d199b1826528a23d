#include "security/app/login.hpp"

#include "security/api/errors.hpp"
#include "security/api/events.hpp"
#include "security/app/audit_records.hpp"
#include "security/domain/names.hpp"
#include "security/domain/password_rules.hpp"

namespace pgmind::security {
namespace {

Error wrong() {
    return {Errc::unauthenticated, "the name or the password is wrong"};
}

Error too_many(std::chrono::milliseconds wait) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait);
    Error error(Errc::too_many_attempts,
                "too many attempts; try again in " + std::to_string(seconds.count()) + " s");
    error.retry_after = wait;
    return error;
}

constexpr const char* kCodeNeeded = "second_factor_required";
constexpr const char* kWrongCode = "second_factor_wrong";

// What somebody typed as a name may be a password: only what could be a name is passed on.
std::string readable_name(const std::string& name) {
    return validate_principal_name(name) ? name : "";
}

}  // namespace

Login::Login(LoginParts parts) : parts_(std::move(parts)), limiter_(parts_.limits) {}

ThrottleSlot Login::slot_of(std::string_view name) const {
    const KeyDigest digest = parts_.cryptography.digest("pgmind login 1\n" + std::string(name));
    return static_cast<ThrottleSlot>((digest[0] << 8) | digest[1]);
}

Task<Error> Login::refuse(const RequestContext& request, std::string_view action,
                          const std::string& name, std::string_view reason, Error answer) {
    publish(request, PrincipalId(), SecurityViolationDetected{"unauthenticated"});
    if (!parts_.failures.admit(request.remote_address)) {
        co_return answer;  // Counted, and written as one record with others.
    }
    AuditRecord record = password_record(request, parts_.clock.now(), action, readable_name(name));
    record.decision = "deny";
    record.outcome = name_of(answer.failure());
    record.reason = reason;
    auto written = co_await parts_.audit.write_durably(std::move(record), request.deadline);
    if (!written) {
        co_return std::move(written.error());
    }
    publish(request, PrincipalId(), AuditLogCreated{"deny"});
    co_return answer;
}

Task<Result<LoginAttempt>> Login::begin(const RequestContext& request, std::string_view action,
                                        const std::string& name) {
    const auto wait = limiter_.admit(request.remote_address, parts_.clock.steady_now());
    if (wait.count() > 0) {
        Error answer = too_many(wait);
        Error error = co_await refuse(request, action, name, "too many attempts from the address",
                                      std::move(answer));
        co_return fail(std::move(error));
    }
    std::string known_form = readable_name(name);
    const ThrottleSlot slot = slot_of(name);
    auto attempt = co_await parts_.store.begin(slot, std::move(known_form), request.deadline);
    if (attempt && attempt->wait.count() > 0) {
        Error answer = too_many(attempt->wait);
        Error error = co_await refuse(request, action, name, "too many attempts with the name",
                                      std::move(answer));
        co_return fail(std::move(error));
    }
    co_return attempt;
}

Task<Result<Login::Checked>> Login::check(const RequestContext& request, std::string_view action,
                                          const std::string& name, const std::string& password) {
    auto attempt = co_await begin(request, action, name);
    if (!attempt) {
        co_return fail(std::move(attempt.error()));
    }
    const ThrottleSlot slot = slot_of(name);
    std::optional<std::string> hash;
    if (attempt->password) {
        hash = attempt->password->hash;
    }
    // What is longer than any password is not hashed whole; it fits none.
    const bool possible = password.size() <= kPasswordBytesMax;
    std::string presented = possible ? password : "";
    auto result = co_await parts_.hasher.check(hash, std::move(presented), request.deadline);
    if (!result) {
        const auto forgiven = co_await parts_.store.forgive(slot, request.deadline);
        co_return fail(forgiven ? std::move(result.error()) : forgiven.error());
    }
    if (!result->right || !attempt->password || !possible) {
        const std::string_view reason =
            attempt->password ? "wrong password" : "no principal with a password has the name";
        Error answer = wrong();
        Error error = co_await refuse(request, action, name, reason, std::move(answer));
        co_return fail(std::move(error));
    }
    co_return Checked{slot, std::move(*attempt->password), std::move(result->rehashed)};
}

Task<Result<void>> Login::forgive(const RequestContext& request, const Checked& checked) {
    auto done = co_await parts_.store.forgive(checked.slot, request.deadline);
    co_return done;
}

Task<Error> Login::refuse_code(const RequestContext& request, std::string_view action,
                               const std::string& name) {
    Error answer(Errc::unauthenticated, "the code is wrong, or was used before");
    answer.reason = kWrongCode;
    Error error = co_await refuse(request, action, name, "wrong or used code", std::move(answer));
    co_return error;
}

Result<std::optional<SecondFactorUse>> Login::find_use(const PrincipalId& principal,
                                                       const StoredSecondFactor& factor,
                                                       const std::string& code) const {
    if (const auto recovery = parse_recovery_code(code)) {
        return SecondFactorUse{
            factor.envelope, std::nullopt,
            parts_.cryptography.digest(recovery_message(*recovery, principal.value()))};
    }
    const auto number = parse_totp_code(code);
    if (!number) {
        return std::nullopt;
    }
    auto secret = parts_.factor_cryptography.open(factor.envelope, principal);
    if (!secret) {
        return fail(std::move(secret.error()));
    }
    const auto step = matching_step(
        *number, parts_.clock.now(), factor.last_step,
        [&](std::string_view text) { return parts_.factor_cryptography.mac(*secret, text); });
    parts_.cryptography.wipe(*secret);
    if (!step) {
        return std::nullopt;
    }
    return SecondFactorUse{factor.envelope, step, std::nullopt};
}

// The counter stays one too high until the login is complete: codes are guessed no faster than
// passwords. Only who brings no code at all has guessed nothing.
Task<Result<std::optional<SecondFactorUse>>> Login::prove(const RequestContext& request,
                                                          std::string_view action,
                                                          const std::string& name,
                                                          const Checked& checked,
                                                          const std::string& code) {
    if (!checked.password.second_factor) {
        co_return std::nullopt;
    }
    if (code.empty()) {
        const auto forgiven = co_await forgive(request, checked);
        if (!forgiven) {
            co_return fail(forgiven.error());
        }
        Error answer(Errc::unauthenticated, "the code of the second factor is needed");
        answer.reason = kCodeNeeded;
        Error error =
            co_await refuse(request, action, name, "second factor needed", std::move(answer));
        co_return fail(std::move(error));
    }
    auto use = find_use(checked.password.principal, *checked.password.second_factor, code);
    if (use && !*use) {
        Error error = co_await refuse_code(request, action, name);
        co_return fail(std::move(error));
    }
    co_return use;
}

// By what the directory says now: authorize() asks again at each request.
bool Login::second_factor_needed(const SessionDetails& session) const {
    const auto directory = parts_.directory.newest();
    const PrincipalDetails* owner =
        directory == nullptr ? nullptr : directory->find_principal(session.principal);
    return owner != nullptr && !session.second_factor &&
           parts_.policy.asks_for_one(owner->grants, parts_.clock.now());
}

StoredSession Login::make_session(const RequestContext& request, const PrincipalId& principal,
                                  const KeyMaterial& material, bool second_factor) const {
    const WallTime now = parts_.clock.now();
    StoredSession session;
    const KeyDigest tag = parts_.cryptography.digest(seed_message(material.key_id));
    session.details.session_id = session_id_of(material.key_id, tag);
    session.details.principal = principal;
    session.details.created_at = now;
    session.details.last_used_at = now;
    session.details.expires_at = now + parts_.sessions.rules().lifetime;
    session.details.remote_address = record_of(request, now).remote_address;
    session.details.second_factor = second_factor;
    session.digest = parts_.cryptography.digest(
        session_message(session.details.session_id, material.secret, principal.value()));
    return session;
}

void Login::count(const Result<IssuedSession>& login) {
    if (login) {
        ++outcomes_.succeeded;
    } else if (login.error().is(Failure::unauthenticated)) {
        ++outcomes_.wrong;
    } else if (login.error().code == make_error_code(Errc::too_many_attempts)) {
        ++outcomes_.throttled;
    } else if (login.error().code == make_error_code(Errc::hashing_busy)) {
        ++outcomes_.busy;
    } else {
        ++outcomes_.failed;
    }
}

Task<Result<IssuedSession>> Login::log_in(RequestContext request, LoginRequest wanted) {
    auto session = co_await begin_session(std::move(request), std::move(wanted));
    count(session);
    co_return session;
}

Task<Result<IssuedSession>> Login::begin_session(RequestContext request, LoginRequest wanted) {
    auto checked = co_await check(request, "login", wanted.name, wanted.password);
    parts_.cryptography.wipe(wanted.password);
    if (!checked) {
        co_return fail(std::move(checked.error()));
    }
    auto use = co_await prove(request, "login", wanted.name, *checked, wanted.code);
    if (!use) {
        co_return fail(std::move(use.error()));
    }
    KeyMaterial material = parts_.cryptography.generate();
    const PrincipalId principal = checked->password.principal;
    StoredSession session = make_session(request, principal, material, use->has_value());
    const SteadyTime asked_at = parts_.clock.steady_now();
    AuditRecord record = password_record(request, parts_.clock.now(), "login", wanted.name);
    record.principal_id = principal.value();
    record.principal_name = wanted.name;
    record.reason = "session " + session.details.session_id;
    const CompletedLogin login{checked->slot,
                               std::move(checked->password),
                               std::move(checked->rehashed),
                               session,
                               std::move(*use),
                               std::move(record)};
    const auto done = co_await parts_.store.complete(login, request.deadline);
    if (!done) {
        co_return fail(done.error());
    }
    if (!*done && login.second_factor) {
        Error error = co_await refuse_code(request, "login", wanted.name);
        co_return fail(std::move(error));
    }
    if (!*done) {
        Error answer = wrong();
        Error error = co_await refuse(request, "login", wanted.name,
                                      "changed or disabled meanwhile", std::move(answer));
        co_return fail(std::move(error));
    }
    IssuedSession issued{format_session_token(session.details.session_id, material.secret),
                         session.details, parts_.sessions.rules().idle,
                         second_factor_needed(session.details)};
    parts_.cryptography.wipe(material.secret);
    parts_.sessions.put(std::move(session), asked_at);
    publish(request, principal, PrincipalAuthenticated{wanted.name});
    publish(request, principal, AuditLogCreated{"allow"});
    co_return issued;
}

Task<Result<void>> Login::set_password(RequestContext request, std::string principal_name,
                                       std::string password) {
    const auto valid = validate_password(principal_name, password);
    if (!valid) {
        co_return fail(valid.error());
    }
    const auto directory = parts_.directory.newest();
    if (directory == nullptr) {
        co_return fail(Errc::directory_stale, "the principals were not read yet");
    }
    const PrincipalDetails* owner = directory->find_principal_named(principal_name);
    if (owner == nullptr) {
        co_return fail(Errc::principal_not_found, "there is no principal '" + principal_name + "'");
    }
    PasswordSet wanted;
    wanted.principal = owner->id;
    wanted.slot = slot_of(principal_name);
    wanted.set_at = parts_.clock.now();
    wanted.record = password_record(request, wanted.set_at, "password.set", principal_name);
    const PrincipalDetails* actor = directory->find_principal(request.principal);
    wanted.record.principal_name = actor != nullptr ? actor->name : request.principal_name;
    auto hash = co_await parts_.hasher.hash(std::move(password), request.deadline);
    if (!hash) {
        co_return fail(std::move(hash.error()));
    }
    wanted.hash = std::move(*hash);
    const auto stored = co_await parts_.store.set_password(wanted, request.deadline);
    if (!stored) {
        co_return fail(stored.error());
    }
    if (!*stored) {
        co_return fail(
            invalid_argument("name", "'" + principal_name +
                                         "' is disabled or not of kind user: only users have "
                                         "passwords"));
    }
    publish(request, request.principal, AuditLogCreated{"allow"});
    co_return Result<void>();
}

Task<Result<void>> Login::change_password(RequestContext request, PrincipalSnapshot principal,
                                          PasswordChange change) {
    const auto valid = validate_password(principal->name, change.wanted);
    if (!valid) {
        co_return fail(valid.error());
    }
    auto checked = co_await check(request, "password.change", principal->name, change.current);
    parts_.cryptography.wipe(change.current);
    if (!checked) {
        co_return fail(std::move(checked.error()));
    }
    auto hash = co_await parts_.hasher.hash(std::move(change.wanted), request.deadline);
    if (!hash) {
        const auto forgiven = co_await parts_.store.forgive(checked->slot, request.deadline);
        co_return fail(forgiven ? std::move(hash.error()) : forgiven.error());
    }
    PasswordSet wanted;
    wanted.principal = checked->password.principal;
    wanted.expected_hash = std::move(checked->password.hash);
    wanted.hash = std::move(*hash);
    wanted.session_kept = principal->session_id;
    wanted.slot = checked->slot;
    wanted.set_at = parts_.clock.now();
    wanted.record = password_record(request, wanted.set_at, "password.change", principal->name);
    wanted.record.principal_name = principal->name;
    const auto stored = co_await parts_.store.set_password(wanted, request.deadline);
    if (!stored) {
        co_return fail(stored.error());
    }
    if (!*stored) {
        Error answer = wrong();
        Error error = co_await refuse(request, "password.change", principal->name,
                                      "changed or disabled meanwhile", std::move(answer));
        co_return fail(std::move(error));
    }
    publish(request, principal->id, AuditLogCreated{"allow"});
    co_return Result<void>();
}

}  // namespace pgmind::security
