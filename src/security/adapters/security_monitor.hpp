#pragma once

#include "async/notifier.hpp"
#include "platform/telemetry/metrics.hpp"
#include "security/app/audit_writer.hpp"
#include "security/app/directory_refresher.hpp"

namespace pgmind::security {

/// Says in log and metrics how directory and audit fare: looks once a second, logs when something
/// begins to fail or works again. Belongs to the security loop.
class SecurityMonitor {
  public:
    SecurityMonitor(Executor loop, const AuditWriter& audit, const DirectoryRefresher& refresher,
                    const DirectoryCache& cache, metrics::Registry& registry);

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
    async::Notifier wake_;
    metrics::Counter committed_;
    metrics::Counter refused_;
    metrics::Counter failed_batches_;
    AuditStatistics before_;
    Watched audit_log_{"the audit log"};
    Watched directory_{"the directory of principals"};
    bool stopping_ = false;
};

}  // namespace pgmind::security
