#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "security/api/requests.hpp"
#include "security/app/second_factor_ports.hpp"
#include "security/domain/api_key.hpp"

namespace pgmind::security {

/// When a name that was tried in vain may be tried again; kept in the database, for all gateways.
struct ThrottleRules {
    int free_failures = 5;  ///< without any wait
    std::chrono::seconds wait_max{900};
    std::chrono::seconds forget_after{std::chrono::hours(24)};
};

/// Names share 65,536 counters: as many as there are, whether anybody has the name or not.
using ThrottleSlot = std::uint16_t;

struct StoredPassword {
    PrincipalId principal;
    std::string name;
    std::string hash;                                      ///< in PHC form
    std::optional<StoredSecondFactor> second_factor = {};  ///< only if it is confirmed
};

struct LoginAttempt {
    /// Zero: counted as a failure, until complete() or forgive() takes it back. Else not counted.
    std::chrono::milliseconds wait{};
    /// None when no enabled principal of kind USER has the name and a password.
    std::optional<StoredPassword> password;
};

struct StoredSession {
    SessionDetails details;
    KeyDigest digest{};
};

struct CompletedLogin {
    ThrottleSlot slot = 0;
    StoredPassword checked;
    std::optional<std::string> rehashed;
    StoredSession session;
    /// The code that was right. None: there was no second factor when the password was looked at.
    std::optional<SecondFactorUse> second_factor;
    AuditRecord record;
};

struct PasswordSet {
    PrincipalId principal;
    /// The hash that was checked before; none: an administrator sets it, whatever it was.
    std::optional<std::string> expected_hash;
    std::string hash;
    std::string session_kept;  ///< all others of the principal end; may be empty
    ThrottleSlot slot = 0;
    WallTime set_at;
    AuditRecord record;
};

/// Passwords and the counters of attempts, on the coordinator's primary. Used on the security loop.
class LoginStore {
  public:
    virtual ~LoginStore() = default;

    /// Counts first and gives the password then, in one statement whose work does not depend on
    /// whether the name exists.
    virtual Task<Result<LoginAttempt>> begin(ThrottleSlot slot, std::string name,
                                             Deadline deadline) = 0;
    /// For an attempt whose password was not looked at.
    virtual Task<Result<void>> forgive(ThrottleSlot slot, Deadline deadline) = 0;
    /// Session, counter, hash and record in one transaction. False, and nothing done, when the
    /// password or the second factor was changed or the principal disabled since begin(), or the
    /// code was used before.
    virtual Task<Result<bool>> complete(const CompletedLogin& login, Deadline deadline) = 0;
    /// Password, end of sessions, counter and record in one transaction. False, and nothing done,
    /// when the principal is not an enabled USER, or `expected_hash` not its password any more.
    virtual Task<Result<bool>> set_password(const PasswordSet& password, Deadline deadline) = 0;
};

struct SessionUse {
    std::string session_id;
    WallTime last_used_at;
};

/// Sessions, on the coordinator's primary. Used on the security loop.
class SessionStore {
  public:
    virtual ~SessionStore() = default;

    /// Those of the ids that exist, in any order.
    virtual Task<Result<std::vector<StoredSession>>> find(const std::vector<std::string>& ids,
                                                          Deadline deadline) = 0;
    /// Moves `last_used_at` on, never back.
    virtual Task<Result<void>> touch(const std::vector<SessionUse>& uses, Deadline deadline) = 0;
    /// The newest 100, newest first.
    virtual Task<Result<std::vector<SessionDetails>>> list(const PrincipalId& principal,
                                                           Deadline deadline) = 0;
    /// With its record in one transaction. False when the principal has no such session; one that
    /// is revoked keeps its first time.
    virtual Task<Result<bool>> revoke(const std::string& session_id, const PrincipalId& principal,
                                      WallTime now, const AuditRecord& record,
                                      Deadline deadline) = 0;
    /// Forgets sessions that ended before that time.
    virtual Task<Result<void>> remove_ended_before(WallTime time, Deadline deadline) = 0;
};

struct PasswordCheck {
    bool right = false;
    /// The same password at today's cost, when it was right and its hash was cheaper.
    std::optional<std::string> rehashed;
};

/// Argon2id away from the loops, in a bounded pool: hashing_busy when that is full. Called on the
/// security loop.
class PasswordHasher {
  public:
    virtual ~PasswordHasher() = default;

    /// Without a hash the work is done against one that no password fits.
    virtual Task<Result<PasswordCheck>> check(std::optional<std::string> hash, std::string password,
                                              Deadline deadline) = 0;
    /// Of a password that is to be set. invalid_argument with field "password" for one that is easy
    /// to guess.
    virtual Task<Result<std::string>> hash(std::string password, Deadline deadline) = 0;
    /// Calls that run or wait now. Thread-safe.
    virtual std::size_t calls_in_flight() const = 0;
};

}  // namespace pgmind::security
