#include "security/adapters/security_monitor.hpp"

#include <memory>

#include "platform/telemetry/log.hpp"

namespace pgmind::security {
namespace {

void add_login_metrics(metrics::Registry& registry, const SecurityMonitor::Parts& parts) {
    const LoginOutcomes& outcomes = parts.login.outcomes();
    for (const auto& [name, count] :
         {std::pair("ok", &outcomes.succeeded), std::pair("wrong", &outcomes.wrong),
          std::pair("throttled", &outcomes.throttled), std::pair("busy", &outcomes.busy),
          std::pair("failed", &outcomes.failed)}) {
        registry.counter_read_from("pgmind_logins_total", "Logins with a password, by outcome",
                                   {{"outcome", name}},
                                   [count] { return static_cast<double>(count->load()); });
    }
    registry.gauge(
        "pgmind_password_hashing_calls", "Passwords being hashed or waiting for it", {},
        [&hasher = parts.hasher] { return static_cast<double>(hasher.calls_in_flight()); });
    registry.gauge("pgmind_sessions_confirmed_age_seconds",
                   "Time since the coordinator confirmed the sessions in memory", {},
                   [&keeper = parts.sessions] {
                       const auto age = system_clock().steady_now() - keeper.confirmed_at();
                       return std::chrono::duration<double>(age).count();
                   });
}

}  // namespace

SecurityMonitor::SecurityMonitor(Executor loop, const Parts& parts, metrics::Registry& registry)
    : audit_(parts.audit),
      refresher_(parts.refresher),
      session_keeper_(parts.sessions),
      sql_access_(parts.sql_access),
      wake_(loop),
      committed_(registry.counter("pgmind_audit_records_committed_total",
                                  "Audit records that are in the database", {})),
      refused_(registry.counter("pgmind_audit_records_refused_total",
                                "Audit records refused, and with them their requests", {})),
      failed_batches_(registry.counter("pgmind_audit_batches_failed_total",
                                       "Groups of audit records that had to be tried again", {})) {
    registry.gauge(
        "pgmind_audit_queue_records", "Audit records accepted and not yet committed", {},
        [&audit = parts.audit] { return static_cast<double>(audit.statistics().queued); });
    const auto limited = [&](const char* by, std::uint64_t RateStatistics::*count) {
        registry.counter_read_from("pgmind_requests_limited_total",
                                   "Requests refused by a rate or a concurrency", {{"by", by}},
                                   [&limiter = parts.limiter, count] {
                                       return static_cast<double>(limiter.statistics().*count);
                                   });
    };
    limited("principal", &RateStatistics::refused_principals);
    limited("address", &RateStatistics::refused_addresses);
    limited("concurrency", &RateStatistics::refused_concurrency);
    registry.gauge("pgmind_security_directory_age_seconds",
                   "Time since the coordinator confirmed principals and grants", {},
                   [&cache = parts.cache] {
                       const auto age = system_clock().steady_now() - cache.confirmed_at();
                       return std::chrono::duration<double>(age).count();
                   });
    add_login_metrics(registry, parts);
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
    sessions_.look(session_keeper_.problem());
    sql_logins_.look(sql_access_.problem());
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
