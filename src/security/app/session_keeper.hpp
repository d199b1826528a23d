#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "async/notifier.hpp"
#include "async/task.hpp"
#include "security/app/session_cache.hpp"

namespace pgmind::security {

/// Keeps the cache of sessions in step with the primary: confirms what is in it every second,
/// writes uses down, forgets sessions that ended long ago. Belongs to the security loop.
class SessionKeeper {
  public:
    SessionKeeper(Executor loop, SessionStore& store, SessionCache& cache, const Clock& clock);

    /// Reads one session into the cache; fine when there is none. Fails when the primary does not
    /// answer.
    Task<Result<void>> fetch(std::string session_id, Deadline deadline);
    /// One round: what was committed before the call holds here afterwards.
    Task<Result<void>> confirm(Deadline deadline);

    Task<Result<std::vector<SessionDetails>>> list(PrincipalId principal, Deadline deadline);
    /// False when the principal has no such session.
    Task<Result<bool>> revoke(std::string session_id, PrincipalId principal, AuditRecord record,
                              Deadline deadline);

    /// Confirms every second until stop(). A round that fails is tried again with the next; the
    /// cache refuses what was not confirmed for too long.
    Task<void> run();
    void stop();

    /// Why the last round failed; empty when it did not.
    const std::string& problem() const { return problem_; }
    /// When a round that succeeded began. Thread-safe.
    SteadyTime confirmed_at() const { return SteadyTime(SteadyTime::duration(confirmed_at_)); }

  private:
    Task<Result<void>> remove_ended(Deadline deadline);

    SessionStore& store_;
    SessionCache& cache_;
    const Clock& clock_;
    async::Notifier wake_;
    SteadyTime removed_at_{};
    std::atomic<SteadyTime::rep> confirmed_at_;
    std::string problem_;
    bool stopping_ = false;
};

}  // namespace pgmind::security
