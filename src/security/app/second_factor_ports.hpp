#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "security/api/requests.hpp"
#include "security/domain/api_key.hpp"
#include "security/domain/totp.hpp"

namespace pgmind::security {

struct StoredSecondFactor {
    std::string envelope;  ///< the secret, encrypted for this principal
    std::optional<WallTime> confirmed_at;
    std::int64_t last_step = 0;
    std::size_t recovery_codes_left = 0;
};

/// A code that was right: what makes it of no use a second time.
struct SecondFactorUse {
    std::string envelope;  ///< of the secret that it was right for
    std::optional<std::int64_t> step;
    std::optional<KeyDigest> recovery_code;  ///< whether it is one, only the store knows
};

struct SecondFactorChange {
    enum class Kind { confirm, renew_codes, disable, reset };
    Kind kind = Kind::confirm;
    PrincipalId principal;
    SecondFactorUse use;                    ///< not of reset
    std::vector<KeyDigest> recovery_codes;  ///< in place of all others; of confirm and renew_codes
    std::string session_kept;               ///< where sessions end, all but this one; may be empty
    std::optional<std::uint16_t> slot;      ///< the counter that a check of the password left
    WallTime now;
    AuditRecord record;
};

/// Second factors on the coordinator's primary. Used on the security loop.
class SecondFactorStore {
  public:
    virtual ~SecondFactorStore() = default;

    /// nullopt when the principal has none, confirmed or not.
    virtual Task<Result<std::optional<StoredSecondFactor>>> find(const PrincipalId& principal,
                                                                 Deadline deadline) = 0;
    /// Keeps a secret that is not confirmed. False, and nothing done, when there is a confirmed
    /// one.
    virtual Task<Result<bool>> enrol(const PrincipalId& principal, const std::string& envelope,
                                     const AuditRecord& record, Deadline deadline) = 0;
    /// With its record in one transaction. False, and nothing done, when the secret is not it any
    /// more, or the code was used before.
    virtual Task<Result<bool>> change(const SecondFactorChange& change, Deadline deadline) = 0;
};

/// Thread-safe.
class SecondFactorCryptography {
  public:
    virtual ~SecondFactorCryptography() = default;

    virtual std::string random_bytes(std::size_t count) const = 0;
    /// HMAC-SHA1.
    virtual TotpMac mac(std::string_view secret, std::string_view message) const = 0;
    /// What seal() gives opens for the same principal only.
    virtual std::string seal(std::string_view secret, const PrincipalId& principal) const = 0;
    virtual Result<std::string> open(std::string_view envelope,
                                     const PrincipalId& principal) const = 0;
};

}  // namespace pgmind::security
