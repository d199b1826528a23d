#include "security/app/second_factor_commands.hpp"

#include "security/api/errors.hpp"
#include "security/app/audit_records.hpp"

namespace pgmind::security {
namespace {

constexpr std::string_view kIssuer = "pgmind";

Error not_enrolled() {
    return {Errc::second_factor_not_found, "there is no second factor: enrol one first"};
}

}  // namespace

AuditRecord SecondFactorCommands::record_of(const RequestContext& request, std::string_view action,
                                            const Principal& principal) const {
    AuditRecord record = password_record(request, parts_.clock.now(), action, principal.name);
    record.principal_id = principal.id.value();
    record.principal_name = principal.name;
    return record;
}

SecondFactorCommands::NewCodes SecondFactorCommands::make_codes(
    const PrincipalId& principal) const {
    NewCodes codes;
    for (std::size_t i = 0; i < kRecoveryCodes; ++i) {
        std::string bytes = parts_.factor_cryptography.random_bytes(kRecoveryBytes);
        codes.shown.push_back(format_recovery_code(bytes));
        parts_.cryptography.wipe(bytes);
        codes.stored.push_back(
            parts_.cryptography.digest(recovery_message(codes.shown.back(), principal.value())));
    }
    return codes;
}

Task<Result<SecondFactorStatus>> SecondFactorCommands::status(RequestContext request,
                                                              PrincipalSnapshot principal) {
    const auto found = co_await store_.find(principal->id, request.deadline);
    if (!found) {
        co_return fail(found.error());
    }
    SecondFactorStatus status;
    const auto directory = parts_.directory.newest();
    const PrincipalDetails* details =
        directory == nullptr ? nullptr : directory->find_principal(principal->id);
    status.required =
        details != nullptr && parts_.policy.asks_for_one(details->grants, parts_.clock.now());
    if (*found && (*found)->confirmed_at) {
        status.enrolled = true;
        status.confirmed_at = (*found)->confirmed_at;
        status.recovery_codes_left = (*found)->recovery_codes_left;
    }
    co_return status;
}

Task<Result<SecondFactorEnrolment>> SecondFactorCommands::enrol(RequestContext request,
                                                                PrincipalSnapshot principal,
                                                                std::string password) {
    constexpr std::string_view action = "second_factor.enrol";
    auto checked = co_await login_.check(request, action, principal->name, password);
    parts_.cryptography.wipe(password);
    if (!checked) {
        co_return fail(std::move(checked.error()));
    }
    const auto forgiven = co_await login_.forgive(request, *checked);
    if (!forgiven) {
        co_return fail(forgiven.error());
    }
    std::string secret = parts_.factor_cryptography.random_bytes(kTotpSecretBytes);
    const std::string envelope = parts_.factor_cryptography.seal(secret, principal->id);
    SecondFactorEnrolment enrolment{to_base32(secret), totp_uri(kIssuer, principal->name, secret)};
    parts_.cryptography.wipe(secret);
    const AuditRecord record = record_of(request, action, *principal);
    const auto kept = co_await store_.enrol(principal->id, envelope, record, request.deadline);
    if (!kept) {
        co_return fail(kept.error());
    }
    if (!*kept) {
        co_return fail(Errc::second_factor_exists,
                       "there is a second factor: disable it before another is enrolled");
    }
    co_return enrolment;
}

Task<Result<std::vector<std::string>>> SecondFactorCommands::confirm(RequestContext request,
                                                                     PrincipalSnapshot principal,
                                                                     std::string code) {
    const auto found = co_await store_.find(principal->id, request.deadline);
    if (!found) {
        co_return fail(found.error());
    }
    if (!*found || (*found)->confirmed_at) {
        co_return fail(*found ? Error(Errc::second_factor_exists, "it is confirmed already")
                              : not_enrolled());
    }
    const auto use = login_.find_use(principal->id, **found, code);
    if (!use) {
        co_return fail(use.error());
    }
    if (!*use || !(*use)->step) {
        co_return fail(invalid_argument(
            "code", "the code is not the one of now: is the clock of its device right?"));
    }
    NewCodes codes = make_codes(principal->id);
    SecondFactorChange change;
    change.principal = principal->id;
    change.use = **use;
    change.recovery_codes = std::move(codes.stored);
    change.session_kept = principal->session_id;
    change.now = parts_.clock.now();
    change.record = record_of(request, "second_factor.confirm", *principal);
    const auto done = co_await store_.change(change, request.deadline);
    if (!done) {
        co_return fail(done.error());
    }
    if (!*done) {
        co_return fail(Errc::second_factor_exists, "it was changed meanwhile");
    }
    co_return codes.shown;
}

Task<Result<void>> SecondFactorCommands::change_proved(RequestContext request,
                                                       PrincipalSnapshot principal,
                                                       SecondFactorProof proof, std::string action,
                                                       SecondFactorChange change) {
    auto checked = co_await login_.check(request, action, principal->name, proof.password);
    parts_.cryptography.wipe(proof.password);
    if (!checked) {
        co_return fail(std::move(checked.error()));
    }
    if (!checked->password.second_factor) {
        const auto forgiven = co_await login_.forgive(request, *checked);
        co_return fail(forgiven ? not_enrolled() : forgiven.error());
    }
    const auto use = co_await login_.prove(request, action, principal->name, *checked, proof.code);
    if (!use) {
        co_return fail(use.error());
    }
    change.principal = principal->id;
    change.use = **use;
    change.session_kept = principal->session_id;
    change.slot = checked->slot;
    change.now = parts_.clock.now();
    change.record = record_of(request, action, *principal);
    const auto done = co_await store_.change(change, request.deadline);
    if (!done) {
        co_return fail(done.error());
    }
    if (!*done) {
        Error error = co_await login_.refuse_code(request, action, principal->name);
        co_return fail(std::move(error));
    }
    co_return Result<void>();
}

Task<Result<void>> SecondFactorCommands::disable(RequestContext request,
                                                 PrincipalSnapshot principal,
                                                 SecondFactorProof proof) {
    SecondFactorChange change;
    change.kind = SecondFactorChange::Kind::disable;
    std::string action = "second_factor.disable";
    auto done = co_await change_proved(std::move(request), std::move(principal), std::move(proof),
                                       std::move(action), std::move(change));
    co_return done;
}

Task<Result<std::vector<std::string>>> SecondFactorCommands::renew_recovery_codes(
    RequestContext request, PrincipalSnapshot principal, SecondFactorProof proof) {
    NewCodes codes = make_codes(principal->id);
    SecondFactorChange change;
    change.kind = SecondFactorChange::Kind::renew_codes;
    change.recovery_codes = std::move(codes.stored);
    std::string action = "second_factor.renew_codes";
    const auto done =
        co_await change_proved(std::move(request), std::move(principal), std::move(proof),
                               std::move(action), std::move(change));
    if (!done) {
        co_return fail(done.error());
    }
    co_return codes.shown;
}

Task<Result<void>> SecondFactorCommands::reset(RequestContext request, std::string principal_name) {
    const auto directory = parts_.directory.newest();
    if (directory == nullptr) {
        co_return fail(Errc::directory_stale, "the principals were not read yet");
    }
    const PrincipalDetails* owner = directory->find_principal_named(principal_name);
    if (owner == nullptr) {
        co_return fail(Errc::principal_not_found, "there is no principal '" + principal_name + "'");
    }
    SecondFactorChange change;
    change.kind = SecondFactorChange::Kind::reset;
    change.principal = owner->id;
    change.now = parts_.clock.now();
    change.record = password_record(request, change.now, "second_factor.reset", principal_name);
    const PrincipalDetails* actor = directory->find_principal(request.principal);
    change.record.principal_name = actor != nullptr ? actor->name : "";
    const auto done = co_await store_.change(change, request.deadline);
    if (!done) {
        co_return fail(done.error());
    }
    if (!*done) {
        co_return fail(Errc::second_factor_not_found,
                       "'" + principal_name + "' has no second factor");
    }
    co_return Result<void>();
}

}  // namespace pgmind::security
