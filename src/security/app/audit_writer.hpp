#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>

#include "async/notifier.hpp"
#include "async/task.hpp"
#include "security/app/ports.hpp"

namespace pgmind::security {

struct AuditLimits {
    std::size_t queue_max = 65'536;  ///< records not yet committed; one more is refused
    /// authorize() refuses from here on, so that what was allowed before still finds a place.
    std::size_t admit_max = 57'344;
    std::size_t batch_max = 2'000;              ///< records in one statement
    std::size_t flush_at = 500;                 ///< this many are not kept waiting
    std::chrono::milliseconds flush_after{50};  ///< nor is a record longer than this
    std::chrono::milliseconds timeout{5'000};   ///< of one statement
    std::chrono::milliseconds retry_min{50};
    std::chrono::milliseconds retry_max{1'000};
    /// After this long without a committed batch nothing more is accepted.
    std::chrono::milliseconds failing_max{10'000};
};

struct AuditStatistics {
    std::uint64_t accepted = 0;
    std::uint64_t committed = 0;
    std::uint64_t refused = 0;
    std::uint64_t failed_batches = 0;
    std::size_t queued = 0;
};

/// The way of every audit record into the store: a bounded queue, written in groups by one task on
/// the security loop, in the order of acceptance. One for the process. Lifecycle: run() is spawned
/// on the loop; stop() writes what is queued and lets run() end. A batch that fails is tried again
/// until it succeeds or the process stops; records are never dropped to make room.
class AuditWriter {
  public:
    AuditWriter(Executor loop, AuditStore& store, const Clock& clock, AuditLimits limits);

    /// Class B: takes the record into the queue. audit_unavailable when the queue is full or the
    /// store has been failing for too long. Thread-safe; no I/O.
    Result<void> enqueue(AuditRecord record);

    /// Class A: returns once the record is committed; audit_unavailable when it is not by the
    /// deadline (it stays queued and may be committed later). May be awaited on any loop, which
    /// must outlive the security loop.
    Task<Result<void>> write_durably(AuditRecord record, Deadline deadline);

    /// Fails as enqueue() would, a little earlier (admit_max). Thread-safe.
    Result<void> admit() const;

    Task<void> run();
    /// On the security loop: returns when everything was committed; fails, naming how many records
    /// were lost, when the deadline came first.
    Task<Result<void>> stop(Deadline deadline);

    AuditStatistics statistics() const;
    /// Why the last batch failed, empty when it did not. Thread-safe.
    std::string problem() const;

  private:
    struct Accepted {
        std::int64_t number = 0;
        bool wake = false;
    };
    Result<Accepted> accept(AuditRecord record, bool urgent);
    Task<Result<void>> wait_until_committed(std::int64_t number, Deadline deadline);
    void wake_loop();
    std::optional<Error> refusal(std::size_t queue_limit) const;
    /// When the next batch is due: nullopt while nothing is queued.
    std::optional<SteadyTime> due() const;
    void take_batch();
    Task<void> write_batch();
    void batch_failed(const Error& error);
    void batch_committed();

    Executor loop_;
    AuditStore& store_;
    const Clock& clock_;
    const AuditLimits limits_;

    // tidy: allow lock because every worker appends here; it is held for one push.
    mutable std::mutex mutex_;
    std::deque<AuditRecord> queue_;
    std::int64_t next_number_ = 1;
    bool urgent_ = false;
    bool closed_ = false;
    SteadyTime oldest_at_{};
    std::string problem_;

    std::atomic<std::size_t> queued_{0};  // in the queue and in the batch
    std::atomic<SteadyTime::rep> failing_since_{0};
    std::atomic<std::uint64_t> refused_{0};
    std::atomic<std::uint64_t> failed_batches_{0};
    std::atomic<std::int64_t> committed_{0};

    // Of the loop alone.
    AuditBatch batch_;
    std::chrono::milliseconds retry_after_{0};
    async::Notifier wake_;
    async::Notifier progress_;
    bool stopping_ = false;
    bool abandoned_ = false;
};

}  // namespace pgmind::security
