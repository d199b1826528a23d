#include "cluster/domain/restart_policy.hpp"

#include <algorithm>

namespace pgmind::cluster {

std::optional<std::chrono::milliseconds> RestartPolicy::failed(SteadyTime now) {
    if (started_at_ && now - *started_at_ >= limits_.stable_after) {
        doublings_ = 0;
    }
    started_at_.reset();
    while (!failures_.empty() && now - failures_.front() > limits_.window) {
        failures_.pop_front();
    }
    failures_.push_back(now);
    if (failures_.size() > limits_.failures_max) {
        return std::nullopt;
    }
    // 2^20 times any delay is beyond any useful maximum.
    const std::size_t doublings = std::min<std::size_t>(doublings_, 20);
    ++doublings_;
    return std::min(limits_.delay_min * (std::int64_t{1} << doublings), limits_.delay_max);
}

}  // namespace pgmind::cluster
