#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "security/domain/directory.hpp"

namespace pgmind::security {

/// The newest directory that the process knows, and when the primary last confirmed that there is
/// no newer one. One for the process; thread-safe.
class DirectoryCache {
  public:
    /// `confirmed_at` is the time at which the primary was asked, not that of its answer.
    void publish(std::shared_ptr<const Directory> directory, SteadyTime confirmed_at);
    void confirm(SteadyTime confirmed_at);

    /// nullptr before the first publish().
    std::shared_ptr<const Directory> newest() const;
    /// Grows with every publish(); 0 before the first.
    std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
    SteadyTime confirmed_at() const {
        return SteadyTime(SteadyTime::duration(confirmed_at_.load(std::memory_order_acquire)));
    }

  private:
    // tidy: allow lock because it guards one pointer copy per worker and change, not per request.
    mutable std::mutex mutex_;
    std::shared_ptr<const Directory> directory_;
    std::atomic<std::uint64_t> generation_{0};
    std::atomic<SteadyTime::rep> confirmed_at_{0};
};

/// A worker's view of the cache: takes no lock and touches no shared counter while nothing changes.
/// Belongs to one worker.
class DirectoryReader {
  public:
    /// A directory that was not confirmed for `age_max` is not used any more.
    DirectoryReader(const DirectoryCache& cache, std::chrono::steady_clock::duration age_max)
        : cache_(cache), age_max_(age_max) {}

    /// Valid until the next call. Fails with directory_stale when the primary was not reached for
    /// too long (or never): deciding from old permissions could undo a revocation.
    Result<const Directory*> current(SteadyTime now);

  private:
    const DirectoryCache& cache_;
    std::chrono::steady_clock::duration age_max_;
    std::shared_ptr<const Directory> directory_;
    std::uint64_t generation_ = 0;
};

}  // namespace pgmind::security
