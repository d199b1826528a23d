#include "security/adapters/security_monitor.hpp"

#include <memory>

#include "platform/telemetry/log.hpp"

namespace pgmind::security {

SecurityMonitor::SecurityMonitor(Executor loop, const AuditWriter& audit,
                                 const DirectoryRefresher& refresher, const DirectoryCache& cache,
                                 metrics::Registry& registry)
    : audit_(audit),
      refresher_(refresher),
      wake_(loop),
      committed_(registry.counter("pgmind_audit_records_committed_total",
                                  "Audit records that are in the database", {})),
      refused_(registry.counter("pgmind_audit_records_refused_total",
                                "Audit records refused, and with them their requests", {})),
      failed_batches_(registry.counter("pgmind_audit_batches_failed_total",
                                       "Groups of audit records that had to be tried again", {})) {
    registry.gauge("pgmind_audit_queue_records", "Audit records accepted and not yet committed", {},
                   [&audit] { return static_cast<double>(audit.statistics().queued); });
    registry.gauge("pgmind_security_directory_age_seconds",
                   "Time since the coordinator confirmed principals and grants", {}, [&cache] {
                       const auto age = system_clock().steady_now() - cache.confirmed_at();
                       return std::chrono::duration<double>(age).count();
                   });
}

void SecurityMonitor::Watched::look(const std::string& problem) {
    if (failing == !problem.empty()) {
        return;
    }
    failing = !problem.empty();
    if (failing) {
        log::error(std::string(what) + " cannot be reached", {{"problem", problem}});
    } else {
        log::info(std::string(what) + " is reached again");
    }
}

void SecurityMonitor::look() {
    const AuditStatistics now = audit_.statistics();
    committed_.increment(static_cast<double>(now.committed - before_.committed));
    refused_.increment(static_cast<double>(now.refused - before_.refused));
    failed_batches_.increment(static_cast<double>(now.failed_batches - before_.failed_batches));
    before_ = now;
    audit_log_.look(audit_.problem());
    directory_.look(refresher_.problem());
}

Task<void> SecurityMonitor::run() {
    while (!stopping_) {
        look();
        const Deadline next = Deadline::after(std::chrono::seconds(1));
        co_await wake_.wait_until(next);
    }
    look();
}

void SecurityMonitor::stop() {
    stopping_ = true;
    wake_.notify_all();
}

}  // namespace pgmind::security
