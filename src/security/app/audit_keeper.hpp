#pragma once

#include <set>
#include <string>

#include "async/notifier.hpp"
#include "security/app/audit_writer.hpp"

namespace pgmind::security {

/// Brings the records that were written in the transaction of their change into this gateway's log,
/// within about a second, and makes room for the months to come. One for the process; run() is
/// spawned on the security loop. A record whose gateway is killed between the two is brought in by
/// another one, or by the next start.
class AuditKeeper {
  public:
    AuditKeeper(Executor loop, PendingAudit& pending, AuditWriter& audit, const Clock& clock);

    Task<void> run();
    void stop();
    /// Why the last round failed, empty when it did not. On the security loop.
    const std::string& problem() const { return problem_; }

  private:
    Task<Result<bool>> bring_in();
    Task<void> make_room();

    PendingAudit& pending_;
    AuditWriter& audit_;
    const Clock& clock_;
    async::Notifier wake_;
    SteadyTime room_until_{};
    std::set<std::string> brought_in_;  // changes whose leaves may still be queued
    std::string problem_;
    bool stopping_ = false;
};

}  // namespace pgmind::security
