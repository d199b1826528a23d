#pragma once

#include "async/notifier.hpp"
#include "platform/telemetry/metrics.hpp"
#include "security/app/audit_writer.hpp"
#include "security/app/directory_refresher.hpp"
#include "security/app/login.hpp"
#include "security/app/rate_limiter.hpp"
#include "security/app/session_keeper.hpp"
#include "security/app/sql_access_keeper.hpp"

namespace pgmind::security {

/// Says in log and metrics how directory and audit fare: looks once a second, logs when something
/// begins to fail or works again. Belongs to the security loop.
class SecurityMonitor {
  public:
    /// What is watched outlives the registry's last rendering.
    struct Parts {
        const AuditWriter& audit;
        const DirectoryRefresher& refresher;
        const DirectoryCache& cache;
        const Login& login;
        const PasswordHasher& hasher;
        const SessionKeeper& sessions;
        const RateLimiter& limiter;
        const SqlAccessKeeper& sql_access;
    };
    SecurityMonitor(Executor loop, const Parts& parts, metrics::Registry& registry);

    Task<void> run();
    void stop();

  private:
    struct Watched {
        const char* what;
        bool failing = false;
        void look(const std::string& problem);
    };

    void look();

    const AuditWriter& audit_;
    const DirectoryRefresher& refresher_;
    const SessionKeeper& session_keeper_;
    const SqlAccessKeeper& sql_access_;
    async::Notifier wake_;
    metrics::Counter committed_;
    metrics::Counter refused_;
    metrics::Counter failed_batches_;
    AuditStatistics before_;
    Watched audit_log_{"the audit log"};
    Watched directory_{"the directory of principals"};
    Watched sessions_{"the table of sessions"};
    Watched sql_logins_{"the SQL logins of a shard"};
    bool stopping_ = false;
};

}  // namespace pgmind::security
