// How a Connection takes the answers of the server, and what it does about those that are overdue
// or that never come.
#include "platform/postgres/detail/connection.hpp"
#include "platform/postgres/errors.hpp"

namespace pgmind::postgres {
namespace {

// How often one operation may be sent again because of what others on its connection did.
constexpr int kResendsMax = 3;

// A cancelled read that does not end within this time shows that the server hangs.
constexpr std::chrono::milliseconds kCancelGrace{5'000};
// A write whose caller has gone may go on this long before its connection is dropped (which does
// not stop it either).
constexpr std::chrono::milliseconds kOverdueWriteGrace{60'000};

bool is_fatal(const PGresult* result) {
    return field_of(result, PG_DIAG_SEVERITY_NONLOCALIZED) == "FATAL";
}

// Whether the server does not have the prepared statement, or DDL has changed its result's shape.
bool is_stale(const Operation& operation, const PGresult* result) {
    const std::string_view sqlstate = field_of(result, PG_DIAG_SQLSTATE);
    const bool changed =
        sqlstate == "0A000" && field_of(result, PG_DIAG_SOURCE_FUNCTION) == "RevalidateCachedQuery";
    return !operation.name.empty() && (sqlstate == "26000" || changed);
}

}  // namespace

void Connection::read_results() {
    ends_in_a_row_ = 0;
    while (!broken_ && !expected_.empty() && PQisBusy(handle_.get()) == 0) {
        ResultHandle result(PQgetResult(handle_.get()));
        if (result == nullptr) {
            take_end();
            continue;
        }
        ends_in_a_row_ = 0;
        // libpq leaves the null result out when something is sent while it skips what follows a
        // failure.
        if (expected_.front().answered && expected_.front().kind != Expect::sync) {
            finish_head();
        }
        if (!broken_ && !expected_.empty()) {
            take_result(std::move(result));
        }
    }
    if (!broken_ && expected_.empty() && !exclusive_ && in_transaction()) {
        // Whoever comes next would write into a transaction that nobody commits.
        lose(Error(Errc::unexpected_answer, "a pooled statement left a transaction open"));
    }
    if (expected_.empty()) {
        settled_.notify_all();
    }
}

Task<void> Connection::settle(Deadline deadline) {
    while (!broken_ && (!expected_.empty() || group_open_) && !deadline.passed()) {
        co_await settled_.wait_until(deadline);
    }
}

void Connection::take_result(ResultHandle result) {
    Expected& head = expected_.front();
    const ExecStatusType status = PQresultStatus(result.get());
    const bool fits_statement = head.kind == Expect::statement && !head.answered;
    if (status == PGRES_PIPELINE_SYNC && head.kind == Expect::sync) {
        take_sync();
    } else if (status == PGRES_FATAL_ERROR && field_of(result.get(), PG_DIAG_SQLSTATE).empty()) {
        // Not the server's answer but libpq's own: it has found the connection broken.
        lose(error_of(result.get()));
    } else if (status == PGRES_FATAL_ERROR) {
        take_failure(head, result.get());
    } else if (status == PGRES_PIPELINE_ABORTED && head.kind != Expect::sync) {
        take_skipped(head);
    } else if ((status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK ||
                status == PGRES_EMPTY_QUERY) &&
               fits_statement) {
        head.answered = true;
        head.operation->result = Rows(result.release());
    } else if (status == PGRES_COMMAND_OK && head.kind == Expect::prepare) {
        head.answered = true;
    } else {
        lose(Error(Errc::unexpected_answer,
                   std::string("answer out of order: ") + PQresStatus(status)));
    }
}

void Connection::take_failure(Expected& head, const PGresult* result) {
    head.answered = true;
    Error error = error_of(result);
    refused_writes_ = refused_writes_ || error.reason == "25006";
    if (is_fatal(result)) {
        take_fatal(head, std::move(error));
        return;
    }
    if (head.kind == Expect::sync) {
        // The commit failed: a deferred constraint, a serialization conflict.
        if (head.operation != nullptr) {
            head.operation->result = fail(std::move(error));
        }
        return;
    }
    Operation& operation = *head.operation;
    if (is_stale(operation, result) || head.kind == Expect::prepare) {
        forget_prepared(operation);
    }
    if (!should_resend(operation, result)) {
        operation.result = fail(std::move(error));
    } else if (head.kind == Expect::statement) {
        resend_head();
    }  // A preparation that failed by no fault of its own: its statement is skipped, then resent.
}

// The server ends the session. What it ran it has rolled back, unless that was a commit.
void Connection::take_fatal(Expected& head, Error error) {
    fatal_ = true;
    Error why(Errc::connection_lost, error.detail);
    if (head.kind != Expect::sync) {
        head.operation->may_retry = head.operation->effect != Effect::write;
        head.operation->result = fail(std::move(error));
    }
    lose(std::move(why));
}

// Whether a failure says nothing about the operation itself; it had no effect.
bool Connection::should_resend(const Operation& operation, const PGresult* result) const {
    if (!operation.may_resend || operation.abandoned || operation.resends >= kResendsMax) {
        return false;
    }
    const bool stray_cancel = stray_cancel_ && field_of(result, PG_DIAG_SQLSTATE) == "57014";
    return stray_cancel || is_stale(operation, result);
}

// The server skips what follows a failure up to the next sync.
void Connection::take_skipped(Expected& head) {
    head.answered = true;
    Operation& operation = *head.operation;
    if (head.kind == Expect::prepare) {
        forget_prepared(operation);
    } else if (operation.result && !operation.abandoned) {
        if (!operation.may_resend || operation.resends >= kResendsMax) {
            operation.result = fail(Errc::unexpected_answer, "the server skipped the statement");
        } else {
            resend_head();
        }
    }  // Otherwise its own preparation failed, and that is its result.
}

void Connection::resend_head() {
    const OperationPointer operation = std::move(expected_.front().operation);
    if (expected_.size() > 1 && expected_[1].operation == operation) {
        expected_[1].operation = nullptr;  // The sync of its first attempt.
    }
    ++operation->resends;
    operation->solo = true;
    operation->result = Rows();
    submit(operation);
}

void Connection::take_sync() {
    const OperationPointer write = std::move(expected_.front().operation);
    expected_.pop_front();
    if (write != nullptr) {
        deliver(write);
    }
    head_changed();
}

// The null result that ends the answer to one statement.
void Connection::take_end() {
    if (++ends_in_a_row_ > 2) {
        lose(Error(Errc::connection_lost, message_of(handle_.get())));
        return;
    }
    if (expected_.front().answered && expected_.front().kind != Expect::sync) {
        finish_head();
    }
}

void Connection::finish_head() {
    const Expect kind = expected_.front().kind;
    const OperationPointer operation = std::move(expected_.front().operation);
    expected_.pop_front();
    const bool has_own_sync = !expected_.empty() && expected_.front().kind == Expect::sync &&
                              expected_.front().operation == operation;
    if (kind == Expect::statement && operation != nullptr && !has_own_sync) {
        deliver(operation);
    }
    head_changed();
}

void Connection::deliver(const OperationPointer& operation) {
    if (owner_ != nullptr && !exclusive_) {
        owner_->operation_ended(*this, operation);
    } else if (!operation->finished()) {
        operation->finish();
    }
}

void Connection::lose(Error why) {
    if (broken_) {
        return;
    }
    const auto self = shared_from_this();
    broken_ = true;
    accepting_ = false;
    watch_.close();
    overdue_timer_.cancel();
    cancel_.reset();
    handle_.reset();
    std::deque<Expected> lost;
    lost.swap(expected_);
    if (owner_ != nullptr) {
        owner_->connection_lost(*this);
    }
    settled_.notify_all();
    OperationPointer before;
    for (const Expected& expected : lost) {
        const OperationPointer& operation = expected.operation;
        // An operation stands up to three times in a row: its preparation, itself, its sync.
        if (operation != nullptr && operation != before) {
            const bool answered = expected.kind == Expect::sync ||
                                  (expected.kind == Expect::statement && expected.answered);
            deliver_lost(operation, answered, why);
            before = operation;
        }
    }
    owner_ = nullptr;  // It may end before those that still hold this connection.
}

void Connection::deliver_lost(const OperationPointer& operation, bool answered, const Error& why) {
    const bool repeatable = operation->effect != Effect::write;
    const bool never_began = fatal_ && !answered;
    if (!operation->result) {
        // The server has answered, and the answer was no.
    } else if (repeatable || never_began) {
        operation->may_retry = true;
        operation->result = fail(why);
    } else {
        operation->result = fail(lost_write_error());
    }
    deliver(operation);
}

void Connection::abandon(const OperationPointer& operation) {
    operation->abandoned = true;
    if (!broken_) {
        head_changed();
    }
}

// Called when the head, or whether somebody waits for it, may have changed.
void Connection::head_changed() {
    if (broken_) {
        return;
    }
    if (expected_.empty()) {
        stray_cancel_ = stray_cancel_ && cancel_ != nullptr;
    }
    const OperationPointer head = expected_.empty() ? nullptr : expected_.front().operation;
    const bool abandoned = head != nullptr && head->abandoned;
    if (!abandoned) {
        overdue_head_ = nullptr;
        overdue_timer_.cancel();
    } else if (overdue_head_ != head.get()) {
        overdue_head_ = head.get();
        const auto grace = head->effect == Effect::read ? kCancelGrace : kOverdueWriteGrace;
        overdue_at_ = std::chrono::steady_clock::now() + grace;
        arm_overdue();
    }
    if (abandoned) {
        cancel_head();
    }
    update_accepting();
}

void Connection::arm_overdue() {
    overdue_timer_.expires_at(overdue_at_);
    overdue_timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
        const auto self = weak.lock();
        if (self != nullptr && !error) {
            self->overdue();
        }
    });
}

void Connection::overdue() {
    const bool still = overdue_head_ != nullptr && std::chrono::steady_clock::now() >= overdue_at_;
    if (still && !broken_) {
        lose(Error(Errc::connection_lost, "PostgreSQL did not end a statement that was given up"));
    }
}

void Connection::cancel_head() {
    const OperationPointer head = expected_.front().operation;
    if (head->effect != Effect::read || head->cancel_sent || cancel_ != nullptr) {
        return;
    }
    head->cancel_sent = true;
    stray_cancel_ = true;
    cancel_ = CancelRequest::start(handle_.get(), executor_, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) {
            self->cancel_.reset();
            self->head_changed();
        }
    });
    if (cancel_ == nullptr) {
        lose(Error(Errc::connection_lost, "a statement that was given up could not be cancelled"));
    }
}

void Connection::cancel_unwatched() {
    if (!broken_) {
        // The request goes on without anybody who waits for it.
        CancelRequest::start(handle_.get(), executor_, [] {});
    }
}

void Connection::update_accepting() {
    const bool head_abandoned = overdue_head_ != nullptr;
    const bool accepting =
        !broken_ && !direct_ && !flush_pending_ && cancel_ == nullptr && !head_abandoned;
    if (accepting != accepting_) {
        accepting_ = accepting;
        if (owner_ != nullptr) {
            owner_->accepting_changed(*this, accepting);
        }
    }
}

}  // namespace pgmind::postgres
