#pragma once

#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/request_context.hpp"
#include "security/api/admittance.hpp"
#include "security/api/principal.hpp"
#include "security/api/requests.hpp"
#include "security/api/second_factors.hpp"

namespace pgmind::security {

/// The Security context as the others see it. One per worker; belongs to that worker's loop.
/// Default is deny. Every decision is audited; a decision that cannot be audited is refused
/// (unavailable). One request runs: authenticate, authorize (once for each resource that it
/// touches), the use case, record (once for each authorize that allowed), then the reply.
class Security {
  public:
    virtual ~Security() = default;

    /// The first question of a request, before its credential is looked at: has its address sent
    /// too many? No I/O.
    virtual Admittance admit_address(const RequestContext& request) = 0;
    /// After authenticate(): is the principal within its rate and concurrency, and is there a place
    /// on this gateway? No I/O. Refusals are counted in metrics, not audited: a flood of requests
    /// must not become a flood of records.
    virtual Admittance admit_principal(const Principal& principal) = 0;

    /// unauthenticated when the key is missing, malformed, unknown, expired or revoked (one and the
    /// same answer). Failures are durable in the audit log before the reply; a flood of them from
    /// one address is counted and written as one record.
    virtual Task<Result<PrincipalSnapshot>> authenticate(const RequestContext& request,
                                                         Credentials credentials) = 0;

    /// permission_denied unless a grant allows it and none denies it. Denials are durable in the
    /// audit log before the reply. What was allowed is not written yet: that is record()'s part,
    /// but unavailable is the answer already here while the audit log takes no more records, so
    /// that nothing is done that could not be recorded.
    virtual Task<Result<void>> authorize(const RequestContext& request, PrincipalSnapshot principal,
                                         Action action, Resource resource) = 0;

    /// Writes the audit record of an action that authorize() allowed, with its outcome: "ok", or
    /// the name of the failure that the use case gave (name_of(Failure)). Called after the use case
    /// and before the reply. Reads and writes of memory are queued (bounded); administration waits
    /// until the record is committed. On unavailable the caller's reply is that error, not the
    /// result of the use case.
    virtual Task<Result<void>> record(const RequestContext& request, PrincipalSnapshot principal,
                                      Action action, Resource resource, std::string outcome) = 0;

    /// Writes the audit record of a request that was refused before it was asked who sends it (a
    /// foreign Origin, a wrong Host): durable before the reply, and of a flood from one address
    /// counted and written as one record, together with its failed authentications.
    virtual Task<Result<void>> record_turned_away(const RequestContext& request,
                                                  TurnedAway refusal) = 0;

    /// The decision alone, unaudited: to filter lists.
    virtual bool may(const Principal& principal, Action action, const Resource& resource) const = 0;

    /// Patterns of namespaces in which the principal may do the action.
    struct NamespacePatterns {
        std::vector<std::string> allowed;
        std::vector<std::string> denied;
    };
    virtual NamespacePatterns namespace_patterns(const Principal& principal,
                                                 Action action) const = 0;

    /// What authorize() would decide for that principal, and which of its grants made it so;
    /// unaudited, for the caller's own request is. The caller has authorised Action::read on
    /// ResourceType::audit.
    virtual Result<Explanation> explain(const ExplainRequest& question) const = 0;

    // Administration: the caller has authorised Action::admin on ResourceType::principals. Each is
    // durable and audited before the reply, and takes effect on every gateway within a second.
    virtual Task<Result<PrincipalDetails>> create_principal(const RequestContext& request,
                                                            NewPrincipal principal) = 0;
    virtual Task<Result<std::vector<PrincipalDetails>>> list_principals(
        const RequestContext& request) = 0;
    virtual Task<Result<PrincipalDetails>> set_grants(const RequestContext& request,
                                                      std::string principal_name,
                                                      std::vector<Grant> grants) = 0;
    virtual Task<Result<void>> disable_principal(const RequestContext& request,
                                                 std::string principal_name) = 0;
    virtual Task<Result<IssuedApiKey>> create_api_key(const RequestContext& request,
                                                      NewApiKey key) = 0;
    virtual Task<Result<std::vector<ApiKeyDetails>>> list_api_keys(const RequestContext& request,
                                                                   std::string principal_name) = 0;
    virtual Task<Result<void>> revoke_api_key(const RequestContext& request,
                                              std::string key_id) = 0;
    /// Gives the principal a login to PostgreSQL on every shard, in which row-level security shows
    /// the namespaces of its grants; or another password, when it has one. invalid_argument when
    /// its grants give nothing that SQL offers, or its name is too long.
    virtual Task<Result<SqlCredentials>> enable_sql(const RequestContext& request,
                                                    std::string principal_name) = 0;
    /// Ends the login and what is connected with it.
    virtual Task<Result<void>> disable_sql(const RequestContext& request,
                                           std::string principal_name) = 0;

    /// Gives a session for a name and a password; only principals of kind USER have one.
    /// unauthenticated is one and the same answer, after the same time, whether the name or the
    /// password is wrong or the principal disabled. resource_exhausted after too many attempts from
    /// the address or with the name (also for names that nobody has); its detail says when to come
    /// again. unavailable when more passwords arrive than can be hashed. Where there is a second
    /// factor, a right password without its code is unauthenticated with the reason
    /// "second_factor_required"; a code is good for one login, whichever gateway it reaches. Each
    /// attempt is durable in the audit log before the reply, as authenticate() says.
    virtual Task<Result<IssuedSession>> log_in(const RequestContext& request,
                                               LoginRequest login) = 0;
    /// The caller has authorised Action::admin on ResourceType::principals. Ends all sessions of
    /// the principal.
    virtual Task<Result<void>> set_password(const RequestContext& request,
                                            std::string principal_name, std::string password) = 0;
    /// The principal's own. Checks the current password under the limits of log_in(); ends all its
    /// sessions but the one that asks.
    virtual Task<Result<void>> change_password(const RequestContext& request,
                                               PrincipalSnapshot principal,
                                               PasswordChange change) = 0;
    /// Those that were not over for long, newest first, at most 100. The caller is that principal,
    /// or has authorised as for set_password().
    virtual Task<Result<std::vector<SessionDetails>>> list_sessions(const RequestContext& request,
                                                                    std::string principal_name) = 0;
    /// Ends a session of that principal everywhere within a second; one that is over stays so. The
    /// caller as for list_sessions().
    virtual Task<Result<void>> revoke_session(const RequestContext& request,
                                              std::string principal_name,
                                              std::string session_id) = 0;

    /// Lives as long as this.
    virtual SecondFactors& second_factors() = 0;

    virtual Task<Result<std::vector<AuditRecord>>> query_audit(const RequestContext& request,
                                                               AuditQuery query) = 0;
};

}  // namespace pgmind::security
