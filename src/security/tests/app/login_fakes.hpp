#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "security/api/errors.hpp"
#include "security/app/login_ports.hpp"

namespace pgmind::security::testing {

/// Second factors in memory, by principal.
class FakeSecondFactorStore final : public SecondFactorStore {
  public:
    struct Kept {
        StoredSecondFactor factor;
        std::vector<KeyDigest> codes;
    };
    std::map<std::string, Kept> kept;
    std::vector<AuditRecord> records;

    /// As the database does it in one statement.
    bool use(const PrincipalId& principal, const std::optional<SecondFactorUse>& use) {
        const auto found = kept.find(principal.value());
        const bool confirmed = found != kept.end() && found->second.factor.confirmed_at;
        if (!use || !confirmed) {
            return !use && !confirmed;
        }
        if (use->step) {
            const bool fresh = found->second.factor.last_step < *use->step;
            found->second.factor.last_step = std::max(found->second.factor.last_step, *use->step);
            return fresh;
        }
        return std::erase(found->second.codes, use->recovery_code.value_or(KeyDigest{})) == 1;
    }

    Task<Result<std::optional<StoredSecondFactor>>> find(const PrincipalId& principal,
                                                         Deadline) override {
        const auto found = kept.find(principal.value());
        if (found == kept.end()) {
            co_return std::nullopt;
        }
        found->second.factor.recovery_codes_left = found->second.codes.size();
        co_return found->second.factor;
    }
    Task<Result<bool>> enrol(const PrincipalId& principal, const std::string& envelope,
                             const AuditRecord& record, Deadline) override {
        Kept& entry = kept[principal.value()];
        if (entry.factor.confirmed_at) {
            co_return false;
        }
        entry.factor.envelope = envelope;
        records.push_back(record);
        co_return true;
    }
    Task<Result<bool>> change(const SecondFactorChange& change, Deadline) override {
        using Kind = SecondFactorChange::Kind;
        const bool proved = change.kind == Kind::confirm || change.kind == Kind::reset ||
                            use(change.principal, change.use);
        if (!proved || !kept.contains(change.principal.value())) {
            co_return false;
        }
        Kept& entry = kept[change.principal.value()];
        entry.codes = change.recovery_codes;
        if (change.kind == Kind::confirm) {
            entry.factor.confirmed_at = change.now;
            entry.factor.last_step = change.use.step.value_or(0);
        } else if (change.kind != Kind::renew_codes) {
            kept.erase(change.principal.value());
        }
        records.push_back(change.record);
        co_return true;
    }
};

/// Envelopes that show their secret; a MAC that is the message's step, so that the code is it too.
class FakeSecondFactorCryptography final : public SecondFactorCryptography {
  public:
    mutable int made = 0;

    std::string random_bytes(std::size_t count) const override {
        return std::string(count, static_cast<char>('a' + made++));
    }
    TotpMac mac(std::string_view, std::string_view message) const override {
        TotpMac mac{};
        for (std::size_t i = 0; i < 4; ++i) {
            mac[i] = static_cast<std::uint8_t>(message[4 + i]);
        }
        return mac;
    }
    std::string seal(std::string_view secret, const PrincipalId& principal) const override {
        return std::string(secret) + " of " + principal.value();
    }
    Result<std::string> open(std::string_view envelope,
                             const PrincipalId& principal) const override {
        const std::string owner = " of " + principal.value();
        if (!envelope.ends_with(owner)) {
            return fail(BaseErrc::internal, "sealed for another");
        }
        return std::string(envelope.substr(0, envelope.size() - owner.size()));
    }
};

/// Passwords, counters and sessions in memory, that can be made to fail or to change in between.
class FakeLoginStore final : public LoginStore, public SessionStore {
  public:
    explicit FakeLoginStore(FakeSecondFactorStore& second_factors) : factors(second_factors) {}

    FakeSecondFactorStore& factors;
    std::map<std::string, StoredPassword> passwords;  ///< by name
    std::map<ThrottleSlot, int> failures;
    std::map<std::string, StoredSession> sessions;
    std::vector<AuditRecord> records;
    int failures_max = 5;
    bool failing = false;
    bool changed_before_complete = false;
    int begins = 0;
    int finds = 0;
    std::vector<SessionUse> touched;

    Task<Result<LoginAttempt>> begin(ThrottleSlot slot, std::string name, Deadline) override {
        ++begins;
        if (failing) {
            co_return fail(BaseErrc::unavailable, "the coordinator is away");
        }
        LoginAttempt attempt;
        if (failures[slot] >= failures_max) {
            attempt.wait = std::chrono::milliseconds(1'500);
            co_return attempt;
        }
        ++failures[slot];
        if (const auto found = passwords.find(name); found != passwords.end()) {
            attempt.password = found->second;
            const auto factor = factors.kept.find(found->second.principal.value());
            if (factor != factors.kept.end() && factor->second.factor.confirmed_at) {
                attempt.password->second_factor = factor->second.factor;
            }
        }
        co_return attempt;
    }
    Task<Result<void>> forgive(ThrottleSlot slot, Deadline) override {
        --failures[slot];
        co_return Result<void>();
    }
    Task<Result<bool>> complete(const CompletedLogin& login, Deadline) override {
        if (changed_before_complete || !factors.use(login.checked.principal, login.second_factor)) {
            co_return false;
        }
        failures[login.slot] = 0;
        if (login.rehashed) {
            passwords[login.checked.name].hash = *login.rehashed;
        }
        sessions[login.session.details.session_id] = login.session;
        records.push_back(login.record);
        co_return true;
    }
    Task<Result<bool>> set_password(const PasswordSet& wanted, Deadline) override {
        const std::string name = wanted.record.resource;
        const auto found = passwords.find(name);
        if (wanted.expected_hash &&
            (found == passwords.end() || found->second.hash != *wanted.expected_hash)) {
            co_return false;
        }
        passwords[name] = {wanted.principal, name, wanted.hash};
        failures[wanted.slot] = 0;
        for (auto& [id, session] : sessions) {
            if (session.details.principal == wanted.principal && id != wanted.session_kept) {
                session.details.revoked_at = wanted.set_at;
            }
        }
        records.push_back(wanted.record);
        co_return true;
    }

    Task<Result<std::vector<StoredSession>>> find(const std::vector<std::string>& ids,
                                                  Deadline) override {
        ++finds;
        if (failing) {
            co_return fail(BaseErrc::unavailable, "the coordinator is away");
        }
        std::vector<StoredSession> found;
        for (const std::string& id : ids) {
            if (sessions.contains(id)) {
                found.push_back(sessions[id]);
            }
        }
        co_return found;
    }
    Task<Result<void>> touch(const std::vector<SessionUse>& uses, Deadline) override {
        touched.insert(touched.end(), uses.begin(), uses.end());
        co_return Result<void>();
    }
    Task<Result<std::vector<SessionDetails>>> list(const PrincipalId& principal,
                                                   Deadline) override {
        std::vector<SessionDetails> found;
        for (const auto& [id, session] : sessions) {
            if (session.details.principal == principal) {
                found.push_back(session.details);
            }
        }
        co_return found;
    }
    Task<Result<bool>> revoke(const std::string& session_id, const PrincipalId& principal,
                              WallTime now, const AuditRecord& record, Deadline) override {
        const auto found = sessions.find(session_id);
        if (found == sessions.end() || found->second.details.principal != principal) {
            co_return false;
        }
        found->second.details.revoked_at = now;
        records.push_back(record);
        co_return true;
    }
    Task<Result<void>> remove_ended_before(WallTime, Deadline) override {
        co_return Result<void>();
    }
};

/// "Hashes" that show their password, and counts what it was asked for.
class FakeHasher final : public PasswordHasher {
  public:
    int checks = 0;
    int without_hash = 0;
    std::size_t longest = 0;
    bool busy = false;
    bool costlier_now = false;

    Task<Result<PasswordCheck>> check(std::optional<std::string> hash, std::string password,
                                      Deadline) override {
        ++checks;
        without_hash += hash ? 0 : 1;
        longest = std::max(longest, password.size());
        if (busy) {
            co_return fail(Errc::hashing_busy, "too many at once");
        }
        PasswordCheck result;
        result.right = hash && *hash == "hash of " + password;
        if (result.right && costlier_now) {
            result.rehashed = "costlier hash of " + password;
        }
        co_return result;
    }
    Task<Result<std::string>> hash(std::string password, Deadline) override {
        if (busy) {
            co_return fail(Errc::hashing_busy, "too many at once");
        }
        co_return "hash of " + password;
    }
    std::size_t calls_in_flight() const override { return 0; }
};

}  // namespace pgmind::security::testing
