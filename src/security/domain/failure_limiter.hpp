#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"

namespace pgmind::security {

struct FailureLimits {
    std::size_t per_address_per_second = 5;  ///< failures written one by one
    std::size_t total_per_second = 20;       ///< the same, of all addresses together
    std::size_t addresses_max = 256;         ///< counted apart; further ones share a count
    std::chrono::seconds summary_after{10};  ///< how long failures are counted before they are told
};

/// Failed authentications that were counted instead of written.
struct FailureSummary {
    std::string remote_address;  ///< empty: several addresses beyond addresses_max
    std::uint64_t count = 0;
};

/// Keeps a flood of failed authentications from filling the audit log: a few failures a second are
/// written whole, the rest is counted by address and written as one record per address and
/// interval. Pure; not thread-safe.
class FailureLimiter {
  public:
    explicit FailureLimiter(FailureLimits limits);

    /// True when this failure shall have a record of its own; false when it was counted.
    bool admit(const std::string& remote_address, SteadyTime now);

    /// The counts whose interval has ended; all of them when `now` is SteadyTime::max().
    std::vector<FailureSummary> take_due(SteadyTime now);

  private:
    struct Window {
        SteadyTime second_begins{};
        std::size_t written = 0;  // in this second
        std::uint64_t counted = 0;
        SteadyTime counting_since{};
    };
    static bool has_room(Window& window, std::size_t per_second, SteadyTime now);
    Window& window_of(const std::string& remote_address, SteadyTime now);
    void forget_idle(SteadyTime now);

    FailureLimits limits_;
    std::unordered_map<std::string, Window> windows_;
    Window total_;
};

}  // namespace pgmind::security
