#pragma once

#include "security/app/login.hpp"
#include "security/app/second_factor_commands.hpp"

namespace pgmind::security {

/// Lets one principal in with any password; keeps nothing. What a session costs is measured on the
/// cache, not here.
class OneLogin final : public LoginStore, public SessionStore {
  public:
    StoredPassword password;

    Task<Result<LoginAttempt>> begin(ThrottleSlot, std::string, Deadline) override {
        co_return LoginAttempt{std::chrono::milliseconds(0), password};
    }
    Task<Result<void>> forgive(ThrottleSlot, Deadline) override { co_return Result<void>(); }
    Task<Result<bool>> complete(const CompletedLogin&, Deadline) override { co_return true; }
    Task<Result<bool>> set_password(const PasswordSet&, Deadline) override { co_return false; }
    Task<Result<std::vector<StoredSession>>> find(const std::vector<std::string>&,
                                                  Deadline) override {
        co_return std::vector<StoredSession>();
    }
    Task<Result<void>> touch(const std::vector<SessionUse>&, Deadline) override {
        co_return Result<void>();
    }
    Task<Result<std::vector<SessionDetails>>> list(const PrincipalId&, Deadline) override {
        co_return std::vector<SessionDetails>();
    }
    Task<Result<bool>> revoke(const std::string&, const PrincipalId&, WallTime, const AuditRecord&,
                              Deadline) override {
        co_return false;
    }
    Task<Result<void>> remove_ended_before(WallTime, Deadline) override {
        co_return Result<void>();
    }
};

class NoHashing final : public PasswordHasher {
  public:
    Task<Result<PasswordCheck>> check(std::optional<std::string>, std::string, Deadline) override {
        co_return PasswordCheck{true, std::nullopt};
    }
    Task<Result<std::string>> hash(std::string password, Deadline) override { co_return password; }
    std::size_t calls_in_flight() const override { return 0; }
};

class NoSecondFactors final : public SecondFactorStore, public SecondFactorCryptography {
  public:
    Task<Result<std::optional<StoredSecondFactor>>> find(const PrincipalId&, Deadline) override {
        co_return std::nullopt;
    }
    Task<Result<bool>> enrol(const PrincipalId&, const std::string&, const AuditRecord&,
                             Deadline) override {
        co_return false;
    }
    Task<Result<bool>> change(const SecondFactorChange&, Deadline) override { co_return false; }
    std::string random_bytes(std::size_t count) const override { return std::string(count, 'x'); }
    TotpMac mac(std::string_view, std::string_view) const override { return {}; }
    std::string seal(std::string_view, const PrincipalId&) const override { return ""; }
    Result<std::string> open(std::string_view, const PrincipalId&) const override {
        return fail(BaseErrc::internal, "there is none");
    }
};

}  // namespace pgmind::security
