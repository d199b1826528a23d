#include "security/app/authentication_failures.hpp"

#include "security/app/audit_records.hpp"

namespace pgmind::security {

AuthenticationFailures::AuthenticationFailures(Executor loop, AuditWriter& audit,
                                               const Clock& clock, FailureLimits limits)
    : audit_(audit), clock_(clock), limiter_(limits), wake_(loop) {}

bool AuthenticationFailures::admit(const std::string& remote_address) {
    const std::lock_guard lock(mutex_);
    return limiter_.admit(remote_address, clock_.steady_now());
}

void AuthenticationFailures::write_summaries(SteadyTime now) {
    if (!audit_.admit() && now != SteadyTime::max()) {
        return;  // Counting goes on until there is room.
    }
    std::vector<FailureSummary> due;
    {
        const std::lock_guard lock(mutex_);
        due = limiter_.take_due(now);
    }
    for (const FailureSummary& summary : due) {
        // Refused only when the process stops while the coordinator is away: the writer's stop()
        // reports that records were lost.
        audit_.enqueue(summary_record(summary, clock_.now()));
    }
}

Task<void> AuthenticationFailures::run() {
    while (!stopping_) {
        const Deadline next = Deadline::after(std::chrono::seconds(1));
        co_await wake_.wait_until(next);
        write_summaries(clock_.steady_now());
    }
}

void AuthenticationFailures::stop() {
    stopping_ = true;
    write_summaries(SteadyTime::max());
    wake_.notify_all();
}

}  // namespace pgmind::security
