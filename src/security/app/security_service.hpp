#pragma once

#include <memory>
#include <string>
#include <vector>

#include "async/event_bus.hpp"
#include "security/api/security.hpp"
#include "security/app/administration.hpp"
#include "security/app/audit_writer.hpp"
#include "security/app/authentication_failures.hpp"
#include "security/app/directory_cache.hpp"
#include "security/app/external_identities.hpp"
#include "security/app/login.hpp"
#include "security/app/ports.hpp"
#include "security/app/rate_limiter.hpp"
#include "security/app/second_factor_service.hpp"
#include "security/app/session_keeper.hpp"
#include "security/domain/certificate_mapping.hpp"
#include "security/domain/decision.hpp"

namespace pgmind::security {

struct SecurityLimits {
    /// How long the primary may be out of reach before nobody is let in any more.
    std::chrono::milliseconds directory_age_max{30'000};
    /// How long a reply waits for its class A audit record, at most.
    std::chrono::milliseconds audit_wait_max{5'000};
    /// The shards are prepared for SQL logins.
    bool sql_logins = false;
};

/// What the facades of all workers share. Each of these outlives them.
struct SecurityParts {
    const DirectoryCache& directory;
    AuditWriter& audit;
    AuthenticationFailures& failures;
    Administration& administration;        ///< used on `loop` only
    AuditStore& audit_store;               ///< used on `loop` only
    Login& login;                          ///< used on `loop` only
    SecondFactorCommands& second_factors;  ///< used on `loop` only
    SessionKeeper& session_keeper;         ///< used on `loop` only
    SessionCache& sessions;
    RateLimiter& limiter;
    const KeyCryptography& cryptography;
    async::EventBus& bus;
    const Clock& clock;
    Executor loop;  ///< the security loop
    SecurityLimits limits;
    SecondFactorPolicy policy = {};
    ExternalIdentities* external = nullptr;  ///< nullptr: none are configured
    std::vector<CertificateMapping> certificates = {};
};

/// Of a session that may only enrol a second factor.
Error second_factor_needed();

/// The facade of one worker. authenticate() and authorize() do no I/O unless they refuse, or meet a
/// session for the first time; administration and audit queries run on the security loop, which has
/// the only connections to the coordinator.
class SecurityService final : public Security {
  public:
    explicit SecurityService(SecurityParts parts);

    Admittance admit_address(const RequestContext& request) override {
        return parts_.limiter.admit_address(request.remote_address);
    }
    Admittance admit_principal(const Principal& principal) override {
        return parts_.limiter.admit_principal(principal);
    }
    Task<Result<PrincipalSnapshot>> authenticate(const RequestContext& request,
                                                 Credentials credentials) override;
    Task<Result<void>> authorize(const RequestContext& request, PrincipalSnapshot principal,
                                 Action action, Resource resource) override;
    Task<Result<void>> record(const RequestContext& request, PrincipalSnapshot principal,
                              Action action, Resource resource, std::string outcome) override;
    Task<Result<void>> record_turned_away(const RequestContext& request,
                                          TurnedAway refusal) override;
    bool may(const Principal& principal, Action action, const Resource& resource) const override;
    NamespacePatterns namespace_patterns(const Principal& principal, Action action) const override;
    Result<Explanation> explain(const ExplainRequest& question) const override;

    Task<Result<PrincipalDetails>> create_principal(const RequestContext& request,
                                                    NewPrincipal principal) override;
    Task<Result<std::vector<PrincipalDetails>>> list_principals(
        const RequestContext& request) override;
    Task<Result<PrincipalDetails>> set_grants(const RequestContext& request,
                                              std::string principal_name,
                                              std::vector<Grant> grants) override;
    Task<Result<void>> disable_principal(const RequestContext& request,
                                         std::string principal_name) override;
    Task<Result<IssuedApiKey>> create_api_key(const RequestContext& request,
                                              NewApiKey key) override;
    Task<Result<std::vector<ApiKeyDetails>>> list_api_keys(const RequestContext& request,
                                                           std::string principal_name) override;
    Task<Result<void>> revoke_api_key(const RequestContext& request, std::string key_id) override;
    Task<Result<SqlCredentials>> enable_sql(const RequestContext& request,
                                            std::string principal_name) override;
    Task<Result<void>> disable_sql(const RequestContext& request,
                                   std::string principal_name) override;
    Task<Result<IssuedSession>> log_in(const RequestContext& request, LoginRequest login) override;
    Task<Result<void>> set_password(const RequestContext& request, std::string principal_name,
                                    std::string password) override;
    Task<Result<void>> change_password(const RequestContext& request, PrincipalSnapshot principal,
                                       PasswordChange change) override;
    Task<Result<std::vector<SessionDetails>>> list_sessions(const RequestContext& request,
                                                            std::string principal_name) override;
    Task<Result<void>> revoke_session(const RequestContext& request, std::string principal_name,
                                      std::string session_id) override;
    SecondFactors& second_factors() override { return second_factors_; }
    Task<Result<std::vector<AuditRecord>>> query_audit(const RequestContext& request,
                                                       AuditQuery query) override;

  private:
    struct KeyCheck;
    KeyCheck check_key(const Directory& directory, const std::string& api_key) const;
    struct SessionCheck;
    bool made_here(const SessionTokenParts& token) const;
    SessionCheck check_session(const Directory& directory, const SessionTokenParts& token,
                               const std::optional<StoredSession>& session) const;
    Task<Result<PrincipalSnapshot>> authenticate_session(const RequestContext& request,
                                                         Credentials credentials);
    struct CertificateCheck;
    CertificateCheck check_certificate(const Directory& directory,
                                       const ClientCertificate& certificate) const;
    Task<Result<PrincipalSnapshot>> authenticate_certificate(const RequestContext& request,
                                                             ClientCertificate certificate);
    bool is_foreign(std::string_view credential) const;
    Task<Result<PrincipalSnapshot>> authenticate_token(const RequestContext& request,
                                                       Credentials credentials);
    Decision decide_now(const Directory& directory, const Principal& principal, Action action,
                        const Resource& resource) const;
    const std::vector<Grant>* grants_now(const Directory& directory,
                                         const Principal& principal) const;
    Task<Result<void>> write_failure(const RequestContext& request, AuditRecord record);
    Task<Result<void>> write_denial(const RequestContext& request, const Principal& principal,
                                    Action action, const Resource& resource,
                                    std::string_view reason);
    template <TypedEvent Event>
    void publish(const RequestContext& request, const PrincipalId& principal, const Event& event) {
        DomainEvent published = to_domain_event(request, event, parts_.clock);
        published.principal = principal;
        parts_.bus.publish(std::move(published));
    }
    Deadline audit_deadline(const RequestContext& request) const {
        return request.deadline.capped(parts_.limits.audit_wait_max);
    }

    /// True for a session that may only enrol a second factor.
    bool lacks_second_factor(const Directory& directory, const Principal& principal) const;

    SecurityParts parts_;
    SecondFactorService second_factors_;
    mutable DirectoryReader reader_;  // A cache of a cache: changes nothing that callers see.
};

}  // namespace pgmind::security
