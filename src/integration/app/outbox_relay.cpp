#include "integration/app/outbox_relay.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace pgmind::integration {
namespace {

constexpr std::size_t kErrorBytesMax = 1'024;

}  // namespace

OutboxRelay::OutboxRelay(Executor loop, OutboxStore& store, Subscribers subscribers,
                         DeliveredObserver on_delivered, OutboxLimits limits)
    : store_(store),
      subscribers_(std::move(subscribers)),
      on_delivered_(std::move(on_delivered)),
      limits_(limits),
      wake_(loop) {}

Task<void> OutboxRelay::run() {
    while (!stopping_) {
        woken_ = false;
        const auto delivered = co_await deliver_batch();
        problem_ = delivered ? "" : delivered.error().detail;
        if (delivered && *delivered > 0) {
            continue;  // There may be more.
        }
        const Deadline next = Deadline::after(limits_.poll_every);
        // After a failure a wake-up does not hurry the next try: polling is the back-off.
        while (!stopping_ && !next.passed() && !(woken_ && delivered)) {
            co_await wake_.wait_until(next);
        }
    }
}

void OutboxRelay::wake() {
    woken_ = true;
    wake_.notify_all();
}

void OutboxRelay::stop() {
    stopping_ = true;
    wake_.notify_all();
}

Task<Result<std::size_t>> OutboxRelay::deliver_batch() {
    const Deadline claim_by = Deadline::after(limits_.timeout);
    auto claimed = co_await store_.claim(limits_.batch_max, claim_by);
    if (!claimed) {
        co_return fail(std::move(claimed.error()));
    }
    if (*claimed == nullptr) {
        co_return std::size_t{0};
    }
    const std::unique_ptr<OutboxClaim> claim = std::move(*claimed);
    OutboxOutcome outcome;
    std::vector<const OutboxEvent*> delivered;
    for (const OutboxEvent& event : claim->events()) {
        if (stopping_) {
            break;  // What is left is due for whoever comes next.
        }
        const auto taken = co_await deliver(event);
        if (taken) {
            outcome.delivered.push_back(event.id);
            delivered.push_back(&event);
        } else {
            put_aside(event, taken.error().detail, outcome);
        }
    }
    const Deadline finish_by = Deadline::after(limits_.timeout);
    const auto finished = co_await claim->finish(outcome, finish_by);
    if (!finished) {
        co_return fail(finished.error());
    }
    count(outcome);
    for (const OutboxEvent* event : delivered) {
        on_delivered_(*event);
    }
    co_return claim->events().size();
}

Task<Result<void>> OutboxRelay::deliver(const OutboxEvent& event) {
    Result<void> first;
    for (const auto& subscriber : subscribers_) {
        const Deadline deadline = Deadline::after(limits_.handle_timeout);
        auto taken = co_await subscriber->handle(event, deadline);
        if (!taken && first) {
            Error error = std::move(taken.error());
            error.detail = std::string(subscriber->name()) + ": " + error.detail;
            first = fail(std::move(error));
        }
    }
    co_return first;
}

void OutboxRelay::put_aside(const OutboxEvent& event, std::string error,
                            OutboxOutcome& outcome) const {
    FailedDelivery failed{event.id, std::string(truncate_utf8(error, kErrorBytesMax)), {}};
    if (event.attempts + 1 >= limits_.attempts_max) {
        outcome.dead.push_back(std::move(failed));
        return;
    }
    // Doubles with each attempt; the shift is bounded, so it cannot overflow.
    const auto delay = limits_.retry_min * (std::int64_t{1} << std::min(event.attempts, 20));
    failed.retry_after = std::min(delay, limits_.retry_max);
    outcome.failed.push_back(std::move(failed));
}

void OutboxRelay::count(const OutboxOutcome& outcome) {
    delivered_.fetch_add(outcome.delivered.size(), std::memory_order_relaxed);
    failed_.fetch_add(outcome.failed.size() + outcome.dead.size(), std::memory_order_relaxed);
    dead_.fetch_add(outcome.dead.size(), std::memory_order_relaxed);
}

OutboxStatistics OutboxRelay::statistics() const {
    return {delivered_.load(std::memory_order_relaxed), failed_.load(std::memory_order_relaxed),
            dead_.load(std::memory_order_relaxed)};
}

}  // namespace pgmind::integration
