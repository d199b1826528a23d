#pragma once

#include <memory>
#include <string>

#include "async/notifier.hpp"
#include "async/task.hpp"
#include "security/app/directory_cache.hpp"
#include "security/app/ports.hpp"

namespace pgmind::security {

struct RefreshLimits {
    std::chrono::milliseconds poll_every{1'000};
    std::chrono::milliseconds timeout{5'000};  ///< of one look at the primary
};

/// Keeps the cache at the newest revision: looks when woken (a change was notified) and at least
/// every second. Belongs to the security loop.
class DirectoryRefresher {
  public:
    DirectoryRefresher(Executor loop, DirectoryStore& store, DirectoryCache& cache,
                       const Clock& clock, RefreshLimits limits);

    /// Looks now; afterwards the cache holds everything that was committed before the call. One
    /// look at a time: others wait.
    Task<Result<void>> refresh(Deadline deadline);

    /// Refreshes until stop(); failures are kept for problem() and tried again.
    Task<void> run();
    void wake();
    void stop();

    /// Why the last look failed; empty when it did not.
    const std::string& problem() const { return problem_; }

  private:
    Task<Result<void>> look(Deadline deadline);

    DirectoryStore& store_;
    DirectoryCache& cache_;
    const Clock& clock_;
    RefreshLimits limits_;
    async::Notifier wake_;
    async::Notifier idle_;
    bool looking_ = false;
    bool woken_ = false;
    bool stopping_ = false;
    std::string problem_;
};

}  // namespace pgmind::security
