#include "security/app/rate_exchange.hpp"

namespace pgmind::security {
namespace {

constexpr std::chrono::milliseconds kPause{500};
constexpr std::chrono::seconds kTimeout{2};

}  // namespace

RateExchange::RateExchange(Executor loop, RateLimiter& limiter, UsageChannel& channel)
    : limiter_(limiter), channel_(channel), wake_(loop), gateway_(new_uuid()) {}

Task<void> RateExchange::run() {
    while (!stopping_) {
        const Deadline next = Deadline::after(kPause);
        co_await wake_.wait_until(next);
        if (!stopping_) {
            co_await tell();
        }
    }
}

Task<void> RateExchange::tell() {
    std::string message = gateway_ + "\n";
    const std::string usage = limiter_.take_usage(kPause, kUsageBytesMax - message.size());
    if (usage.empty()) {
        co_return;
    }
    message += usage;
    const Deadline deadline = Deadline::after(kTimeout);
    const auto told = co_await channel_.tell(std::move(message), deadline);
    problem_ = told ? "" : told.error().detail;
}

void RateExchange::heard(std::string_view message) {
    const std::size_t end = message.find('\n');
    if (end != std::string_view::npos && message.substr(0, end) != gateway_) {
        limiter_.charge(message.substr(end + 1));
    }
}

void RateExchange::stop() {
    stopping_ = true;
    wake_.notify_all();
}

}  // namespace pgmind::security
