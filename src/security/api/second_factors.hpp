#pragma once

#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/request_context.hpp"
#include "security/api/principal.hpp"

namespace pgmind::security {

/// What proves that a caller is still the one who logged in.
struct SecondFactorProof {
    std::string password;
    std::string code;  ///< six digits, or a recovery code
};

struct SecondFactorStatus {
    bool enrolled = false;  ///< confirmed: logins need a code
    /// The policy asks for one: a session that began without may only enrol one.
    bool required = false;
    std::optional<WallTime> confirmed_at;
    std::size_t recovery_codes_left = 0;
};

/// The only time that the secret is seen.
struct SecondFactorEnrolment {
    std::string secret;  ///< base32, to be typed into an app
    std::string uri;     ///< otpauth://, to be shown as a QR code
};

/// Codes of an authenticator app (TOTP) beside a password. Each method is audited, durably, before
/// the reply. Those that take a password are under the limits of Security::log_in() and answer a
/// wrong password or code as it does.
class SecondFactors {
  public:
    virtual ~SecondFactors() = default;

    virtual Task<Result<SecondFactorStatus>> status(const RequestContext& request,
                                                    PrincipalSnapshot principal) = 0;
    /// Makes a secret, which counts once confirm() was called with a code of it; one that was not
    /// confirmed is replaced. already_exists when there is a confirmed one.
    virtual Task<Result<SecondFactorEnrolment>> enrol(const RequestContext& request,
                                                      PrincipalSnapshot principal,
                                                      std::string password) = 0;
    /// From now on logins need a code; ends all sessions but the one that asks. Gives the recovery
    /// codes, this once. not_found when nothing was enrolled.
    virtual Task<Result<std::vector<std::string>>> confirm(const RequestContext& request,
                                                           PrincipalSnapshot principal,
                                                           std::string code) = 0;
    /// Logins need no code any more. not_found when there is none.
    virtual Task<Result<void>> disable(const RequestContext& request, PrincipalSnapshot principal,
                                       SecondFactorProof proof) = 0;
    /// New recovery codes in place of the old ones, shown this once.
    virtual Task<Result<std::vector<std::string>>> renew_recovery_codes(
        const RequestContext& request, PrincipalSnapshot principal, SecondFactorProof proof) = 0;
    /// For somebody who lost app and codes. The caller has authorised Action::admin on
    /// ResourceType::principals. Ends all sessions of the principal.
    virtual Task<Result<void>> reset(const RequestContext& request, std::string principal_name) = 0;
};

}  // namespace pgmind::security
