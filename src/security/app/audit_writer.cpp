#include "security/app/audit_writer.hpp"

#include <algorithm>

#include "security/api/errors.hpp"

namespace pgmind::security {
namespace {

Task<void> notify(async::Notifier& notifier) {
    notifier.notify_all();
    co_return;
}

}  // namespace

AuditWriter::AuditWriter(Executor loop, AuditStore& store, const Clock& clock, AuditLimits limits)
    : loop_(loop), store_(store), clock_(clock), limits_(limits), wake_(loop), progress_(loop) {
    batch_.writer = new_uuid();
}

std::optional<Error> AuditWriter::refusal(std::size_t queue_limit) const {
    if (queued_.load(std::memory_order_relaxed) >= queue_limit) {
        return Error(Errc::audit_unavailable,
                     "the audit queue is full; nothing is done unrecorded");
    }
    const auto since = failing_since_.load(std::memory_order_relaxed);
    if (since != 0) {
        const SteadyTime failing_since{SteadyTime::duration(since)};
        if (clock_.steady_now() - failing_since > limits_.failing_max) {
            return Error(Errc::audit_unavailable,
                         "the audit log cannot be written; nothing is done unrecorded");
        }
    }
    return std::nullopt;
}

Result<void> AuditWriter::admit() const {
    if (auto refused = refusal(limits_.admit_max)) {
        return fail(std::move(*refused));
    }
    return {};
}

Result<AuditWriter::Accepted> AuditWriter::accept(AuditRecord record, bool urgent) {
    const std::lock_guard lock(mutex_);
    auto refused = closed_ ? Error(Errc::audit_unavailable, "the audit log is being closed")
                           : refusal(limits_.queue_max);
    if (refused) {
        refused_.fetch_add(1, std::memory_order_relaxed);
        return fail(std::move(*refused));
    }
    Accepted accepted;
    if (queue_.empty()) {
        oldest_at_ = clock_.steady_now();
    }
    queue_.push_back(std::move(record));
    queued_.fetch_add(1, std::memory_order_relaxed);
    accepted.number = next_number_++;
    // One wake-up for each change of what the loop waits for, not one for each record.
    accepted.wake = queue_.size() == 1 || queue_.size() == limits_.flush_at || (urgent && !urgent_);
    urgent_ = urgent_ || urgent;
    return accepted;
}

void AuditWriter::wake_loop() {
    async::spawn(loop_, notify(wake_));
}

Result<void> AuditWriter::enqueue(AuditRecord record) {
    const auto accepted = accept(std::move(record), false);
    if (!accepted) {
        return fail(accepted.error());
    }
    if (accepted->wake) {
        wake_loop();
    }
    return {};
}

Task<Result<void>> AuditWriter::write_durably(AuditRecord record, Deadline deadline) {
    const auto accepted = accept(std::move(record), true);
    if (!accepted) {
        co_return fail(accepted.error());
    }
    if (accepted->wake) {
        wake_loop();
    }
    auto waiting = wait_until_committed(accepted->number, deadline);
    Result<void> committed = co_await async::run_on(loop_, std::move(waiting));
    co_return committed;
}

Task<Result<void>> AuditWriter::wait_until_committed(std::int64_t number, Deadline deadline) {
    while (committed_.load(std::memory_order_relaxed) < number) {
        if (deadline.passed() || abandoned_) {
            co_return fail(Errc::audit_unavailable, "the audit log was not written in time");
        }
        co_await progress_.wait_until(deadline);
    }
    co_return Result<void>();
}

std::optional<SteadyTime> AuditWriter::due() const {
    const std::lock_guard lock(mutex_);
    if (queue_.empty()) {
        return std::nullopt;
    }
    const bool now = urgent_ || stopping_ || queue_.size() >= limits_.flush_at;
    return now ? SteadyTime() : oldest_at_ + limits_.flush_after;
}

void AuditWriter::take_batch() {
    const std::lock_guard lock(mutex_);
    const std::size_t count = std::min(queue_.size(), limits_.batch_max);
    batch_.first_number = next_number_ - static_cast<std::int64_t>(queue_.size());
    batch_.records.assign(std::make_move_iterator(queue_.begin()),
                          std::make_move_iterator(queue_.begin() + static_cast<long>(count)));
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<long>(count));
    if (queue_.empty()) {
        urgent_ = false;
    }
}

Task<void> AuditWriter::run() {
    while (!abandoned_) {
        if (!batch_.records.empty()) {
            co_await write_batch();
            continue;
        }
        const auto due_at = due();
        if (!due_at) {
            if (stopping_) {
                break;
            }
            co_await wake_.wait();
        } else if (*due_at > clock_.steady_now()) {
            co_await wake_.wait_until(Deadline::at(*due_at));
        } else {
            take_batch();
        }
    }
    progress_.notify_all();
}

Task<void> AuditWriter::write_batch() {
    const Deadline deadline = Deadline::after(limits_.timeout);
    const auto written = co_await store_.append(batch_, deadline);
    if (written) {
        batch_committed();
        co_return;
    }
    batch_failed(written.error());
    const Deadline retry = Deadline::after(retry_after_);
    while (!retry.passed() && !abandoned_) {
        co_await wake_.wait_until(retry);
    }
}

void AuditWriter::batch_failed(const Error& error) {
    failed_batches_.fetch_add(1, std::memory_order_relaxed);
    if (failing_since_.load(std::memory_order_relaxed) == 0) {
        failing_since_.store(clock_.steady_now().time_since_epoch().count(),
                             std::memory_order_relaxed);
    }
    retry_after_ = std::clamp(retry_after_ * 2, limits_.retry_min, limits_.retry_max);
    const std::lock_guard lock(mutex_);
    problem_ = error.detail;
}

void AuditWriter::batch_committed() {
    const std::size_t count = batch_.records.size();
    committed_.store(batch_.first_number + static_cast<std::int64_t>(count) - 1,
                     std::memory_order_relaxed);
    queued_.fetch_sub(count, std::memory_order_relaxed);
    failing_since_.store(0, std::memory_order_relaxed);
    retry_after_ = std::chrono::milliseconds(0);
    batch_.records.clear();
    progress_.notify_all();
    const std::lock_guard lock(mutex_);
    problem_.clear();
}

Task<Result<void>> AuditWriter::stop(Deadline deadline) {
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
    }
    stopping_ = true;
    wake_.notify_all();
    while (queued_.load(std::memory_order_relaxed) > 0 && !deadline.passed()) {
        co_await progress_.wait_until(deadline);
    }
    const std::size_t lost = queued_.load(std::memory_order_relaxed);
    abandoned_ = true;
    wake_.notify_all();
    progress_.notify_all();
    if (lost > 0) {
        co_return fail(Errc::audit_unavailable,
                       std::to_string(lost) + " audit records could not be written");
    }
    co_return Result<void>();
}

AuditStatistics AuditWriter::statistics() const {
    AuditStatistics statistics;
    {
        const std::lock_guard lock(mutex_);
        statistics.accepted = static_cast<std::uint64_t>(next_number_ - 1);
    }
    statistics.committed = static_cast<std::uint64_t>(committed_.load(std::memory_order_relaxed));
    statistics.refused = refused_.load(std::memory_order_relaxed);
    statistics.failed_batches = failed_batches_.load(std::memory_order_relaxed);
    statistics.queued = queued_.load(std::memory_order_relaxed);
    return statistics;
}

std::string AuditWriter::problem() const {
    const std::lock_guard lock(mutex_);
    return problem_;
}

}  // namespace pgmind::security
