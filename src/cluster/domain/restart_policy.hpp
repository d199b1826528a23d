#pragma once

#include <chrono>
#include <deque>
#include <optional>

#include "base/clock.hpp"

namespace pgmind::cluster {

struct RestartLimits {
    std::chrono::milliseconds delay_min{100};
    std::chrono::milliseconds delay_max{10'000};
    /// An instance that ran this long had a good start: the next delay begins from the smallest.
    std::chrono::milliseconds stable_after{60'000};
    std::size_t failures_max = 20;  ///< within the window; one more and it is given up
    std::chrono::milliseconds window{300'000};
};

/// Decides when an instance that ended (or did not start) is started again. A state machine without
/// I/O: the supervisor tells it what happened and when.
class RestartPolicy {
  public:
    explicit RestartPolicy(RestartLimits limits) : limits_(limits) {}

    void started(SteadyTime now) { started_at_ = now; }

    /// The instance ended, or a start failed. Gives how long to wait before the next start; nullopt
    /// when it failed so often that starting it again would only hide the fault.
    std::optional<std::chrono::milliseconds> failed(SteadyTime now);

    std::size_t failures_in_window() const { return failures_.size(); }

  private:
    RestartLimits limits_;
    std::optional<SteadyTime> started_at_;
    std::deque<SteadyTime> failures_;  // In the window; at most failures_max + 1.
    std::size_t doublings_ = 0;
};

}  // namespace pgmind::cluster
