#include "gateway/sweeper.hpp"

#include "base/ids.hpp"
#include "platform/telemetry/log.hpp"

namespace pgmind::app {
namespace {

constexpr auto kRoundTimeout = std::chrono::seconds(30);

RequestContext round_context() {
    RequestContext context;
    context.request_id = new_request_id();
    context.deadline = Deadline::after(kRoundTimeout);
    context.protocol = "internal";
    return context;
}

}  // namespace

void Sweeper::start() {
    running_ = true;
    async::spawn(executor_, run());
}

Task<void> Sweeper::run() {
    while (!stopping_) {
        const RequestContext context = round_context();
        const Result<std::int64_t> removed = co_await memory_.sweep_expired(context);
        if (!removed) {
            log::warning("expired entries could not be deleted; the next round tries again",
                         {{"error", removed.error().detail}});
        } else if (*removed > 0) {
            log::debug("expired entries deleted", {{"entries", *removed}});
        }
        if (!stopping_) {
            const Deadline next_round = Deadline::after(pause_);
            co_await wake_.wait_until(next_round);
        }
    }
    running_ = false;
    wake_.notify_all();
}

Task<void> Sweeper::stop() {
    stopping_ = true;
    wake_.notify_all();
    while (running_) {
        co_await wake_.wait();
    }
}

}  // namespace pgmind::app
