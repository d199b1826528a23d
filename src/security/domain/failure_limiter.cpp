#include "security/domain/failure_limiter.hpp"

namespace pgmind::security {
namespace {

// The shared count of addresses that have none of their own.
const std::string kOthers;

}  // namespace

FailureLimiter::FailureLimiter(FailureLimits limits) : limits_(limits) {}

bool FailureLimiter::has_room(Window& window, std::size_t per_second, SteadyTime now) {
    if (now - window.second_begins >= std::chrono::seconds(1)) {
        window.second_begins = now;
        window.written = 0;
    }
    return window.written < per_second;
}

FailureLimiter::Window& FailureLimiter::window_of(const std::string& remote_address,
                                                  SteadyTime now) {
    const auto found = windows_.find(remote_address);
    if (found != windows_.end()) {
        return found->second;
    }
    if (windows_.size() >= limits_.addresses_max) {
        forget_idle(now);
    }
    return windows_[windows_.size() < limits_.addresses_max ? remote_address : kOthers];
}

// Drops the windows that say nothing any more: no count, and their second is over.
void FailureLimiter::forget_idle(SteadyTime now) {
    std::erase_if(windows_, [&](const auto& entry) {
        const Window& window = entry.second;
        return window.counted == 0 && now - window.second_begins >= std::chrono::seconds(1);
    });
}

bool FailureLimiter::admit(const std::string& remote_address, SteadyTime now) {
    Window& window = window_of(remote_address, now);
    const bool address_has_room = has_room(window, limits_.per_address_per_second, now);
    const bool total_has_room = has_room(total_, limits_.total_per_second, now);
    if (address_has_room && total_has_room) {
        ++window.written;
        ++total_.written;
        return true;
    }
    if (window.counted == 0) {
        window.counting_since = now;
    }
    ++window.counted;
    return false;
}

std::vector<FailureSummary> FailureLimiter::take_due(SteadyTime now) {
    std::vector<FailureSummary> due;
    for (auto& [address, window] : windows_) {
        const bool over =
            now == SteadyTime::max() || now - window.counting_since >= limits_.summary_after;
        if (window.counted > 0 && over) {
            due.push_back({address, window.counted});
            window.counted = 0;
        }
    }
    return due;
}

}  // namespace pgmind::security
