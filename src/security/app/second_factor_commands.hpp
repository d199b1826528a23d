#pragma once

#include <string>
#include <vector>

#include "security/api/second_factors.hpp"
#include "security/app/login.hpp"

namespace pgmind::security {

/// Enrolling, confirming and ending second factors. Belongs to the security loop. The methods are
/// those of SecondFactors, with values for what they need.
class SecondFactorCommands {
  public:
    SecondFactorCommands(SecondFactorStore& store, Login& login, const LoginParts& parts)
        : store_(store), login_(login), parts_(parts) {}

    Task<Result<SecondFactorStatus>> status(RequestContext request, PrincipalSnapshot principal);
    Task<Result<SecondFactorEnrolment>> enrol(RequestContext request, PrincipalSnapshot principal,
                                              std::string password);
    Task<Result<std::vector<std::string>>> confirm(RequestContext request,
                                                   PrincipalSnapshot principal, std::string code);
    Task<Result<void>> disable(RequestContext request, PrincipalSnapshot principal,
                               SecondFactorProof proof);
    Task<Result<std::vector<std::string>>> renew_recovery_codes(RequestContext request,
                                                                PrincipalSnapshot principal,
                                                                SecondFactorProof proof);
    Task<Result<void>> reset(RequestContext request, std::string principal_name);

  private:
    struct NewCodes {
        std::vector<std::string> shown;
        std::vector<KeyDigest> stored;
    };
    NewCodes make_codes(const PrincipalId& principal) const;
    AuditRecord record_of(const RequestContext& request, std::string_view action,
                          const Principal& principal) const;
    /// Checks password and code, then changes.
    Task<Result<void>> change_proved(RequestContext request, PrincipalSnapshot principal,
                                     SecondFactorProof proof, std::string action,
                                     SecondFactorChange change);

    SecondFactorStore& store_;
    Login& login_;
    const LoginParts parts_;
};

}  // namespace pgmind::security
