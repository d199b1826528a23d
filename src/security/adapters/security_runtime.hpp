#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/event_bus.hpp"
#include "platform/postgres/pool.hpp"
#include "platform/telemetry/metrics.hpp"
#include "security/adapters/acl_oidc.hpp"
#include "security/adapters/audit_witness.hpp"
#include "security/adapters/postgres_sql_access.hpp"
#include "security/adapters/sodium_password_hasher.hpp"
#include "security/api/security.hpp"
#include "security/app/security_service.hpp"

namespace pgmind::security {

struct SecurityOptions {
    /// The coordinator's primary, database pgmind, as role pgmind_gateway.
    postgres::ConnectionOptions coordinator;
    /// At least 32 random bytes, made once for a cluster and kept outside the database (the same on
    /// every gateway): without it no stored key can be checked. Wiped after use.
    std::string hmac_key;
    /// 32 random bytes, made once for a data directory and kept outside the database: the Ed25519
    /// key that signs what this gateway has written to the audit log. Wiped after use.
    std::string audit_signing_seed;
    AuditWitnessOptions witness;
    postgres::StatementObserver observe_statement;  ///< may be empty
    AuditLimits audit;
    FailureLimits failures;
    RefreshLimits refresh;
    SecurityLimits security;
    HashingLimits hashing;
    AttemptLimits attempts;
    ThrottleRules throttle;
    SecondFactorPolicy second_factor_policy;
    SessionRules session;
    SessionLimits sessions;
    RateLimits rates;
    std::vector<SqlDatabase> sql_databases;  ///< of all shards, whose SQL logins are kept
    std::vector<OidcProvider> providers;     ///< whose tokens are taken
    std::vector<CertificateMapping> certificates;
};

/// The process-wide half of the Security context: the directory in memory (loaded from the
/// coordinator's primary, renewed on NOTIFY pgmind_security and every second), and the audit
/// writer, on a thread and connections of its own.
///
/// Lifecycle, for the composition root: start() after the coordinator's migrations; once for each
/// worker make_security(), used on that worker's loop only; when no request runs any more, stop();
/// then destroy it, before the event bus, the registry (which must not be rendered any more) and
/// the loops of the workers. The functions here block the calling thread and are not for event
/// loops; those that are thread-safe say so.
class SecurityRuntime {
  public:
    /// Ready to serve when it succeeds: the directory is loaded. Tries until the deadline.
    static Result<std::unique_ptr<SecurityRuntime>> start(SecurityOptions options,
                                                          async::EventBus& bus,
                                                          metrics::Registry& registry,
                                                          Deadline deadline);
    ~SecurityRuntime();
    SecurityRuntime(const SecurityRuntime&) = delete;
    SecurityRuntime& operator=(const SecurityRuntime&) = delete;

    /// The facade for one worker. It must not outlive this object.
    std::unique_ptr<Security> make_security();

    /// First start: makes the principal `admin` (role admin on `*`) and one key, and gives the key,
    /// this once. `keep` is called with it first and stores it for the operator (a file with mode
    /// 0600): were the process killed in between, no valid key would be lost, the next start makes
    /// another. Also when no enabled administrator has a usable key any more. nullopt when there is
    /// nothing to do.
    Result<std::optional<IssuedApiKey>> ensure_administrator(Administration::KeepKey keep,
                                                             Deadline deadline);

    /// Empty when requests can be served, else a sentence that says why not (for /readyz).
    /// Thread-safe.
    std::string not_ready_reason() const;

    /// Thread-safe.
    AuditStatistics audit_statistics() const;

    /// Writes every audit record that was accepted, then closes the connections. Fails when records
    /// were lost because the coordinator did not take them by the deadline.
    Result<void> stop(Deadline deadline);

  private:
    class Implementation;
    explicit SecurityRuntime(std::unique_ptr<Implementation> implementation);
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace pgmind::security
