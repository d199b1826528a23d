#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "async/notifier.hpp"
#include "integration/app/outbox.hpp"

namespace pgmind::integration {

struct OutboxLimits {
    std::size_t batch_max = 500;
    std::chrono::milliseconds poll_every{1'000};
    std::chrono::milliseconds timeout{10'000};  ///< of claiming, and of finishing, a batch
    std::chrono::milliseconds handle_timeout{5'000};
    int attempts_max = 10;  ///< then an event goes to the dead letters
    std::chrono::milliseconds retry_min{1'000};
    std::chrono::milliseconds retry_max{300'000};
};

struct OutboxStatistics {
    std::uint64_t delivered = 0;
    std::uint64_t failed = 0;
    std::uint64_t dead = 0;
};

/// Delivers the outbox of one database to all subscribers, in order of id, at least once: what is
/// claimed is deleted only after every subscriber took it. An event that fails is put aside with a
/// growing delay, and does not hold up the others; after attempts_max it becomes a dead letter.
/// With several gateways one at a time works on a database. Belongs to one loop.
class OutboxRelay {
  public:
    using Subscribers = std::vector<std::shared_ptr<OutboxSubscriber>>;
    /// Called for each event that all subscribers took.
    using DeliveredObserver = std::function<void(const OutboxEvent&)>;

    OutboxRelay(Executor loop, OutboxStore& store, Subscribers subscribers,
                DeliveredObserver on_delivered, OutboxLimits limits);

    /// Delivers until stop(): at once when woken, else every second. Failures of the store are kept
    /// for problem() and tried again.
    Task<void> run();
    void wake();
    void stop();

    /// Delivers one batch; gives the number of its events.
    Task<Result<std::size_t>> deliver_batch();

    const std::string& problem() const { return problem_; }
    /// Thread-safe.
    OutboxStatistics statistics() const;

  private:
    Task<Result<void>> deliver(const OutboxEvent& event);
    void put_aside(const OutboxEvent& event, std::string error, OutboxOutcome& outcome) const;
    void count(const OutboxOutcome& outcome);

    OutboxStore& store_;
    Subscribers subscribers_;
    DeliveredObserver on_delivered_;
    OutboxLimits limits_;
    async::Notifier wake_;
    bool woken_ = false;
    bool stopping_ = false;
    std::string problem_;
    std::atomic<std::uint64_t> delivered_{0};
    std::atomic<std::uint64_t> failed_{0};
    std::atomic<std::uint64_t> dead_{0};
};

}  // namespace pgmind::integration
