#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/steady_timer.hpp>

#include "async/task.hpp"
#include "platform/postgres/rows.hpp"
#include "platform/postgres/statement.hpp"

namespace pgmind::postgres {

class Connection;

using Timer = boost::asio::basic_waitable_timer<
    std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;

/// Something that one task waits for, until its deadline. Belongs to one loop.
class Waited {
  public:
    Waited(Executor executor, Deadline deadline) : timer_(executor), deadline_(deadline) {}

    const Deadline& deadline() const { return deadline_; }
    bool finished() const { return finished_; }

    void finish() {
        finished_ = true;
        timer_.cancel();
    }

    /// Returns when finished, or when the deadline has passed: true when finished.
    Task<bool> wait();

  private:
    Timer timer_;
    Deadline deadline_;
    bool finished_ = false;
};

/// One statement on its way: made by the caller, shared with the connection that it was sent on.
/// `result` is valid when finished.
struct Operation : Waited {
    Operation(Executor executor, Deadline until) : Waited(executor, until) {}

    void finish_with(Result<Rows> value) {
        result = std::move(value);
        finish();
    }

    std::string_view name;  ///< of the prepared statement; empty: not prepared
    std::string_view sql;
    std::string sql_storage;  ///< when the SQL is not a constant
    Parameters parameters;
    Effect effect = Effect::write;
    Result<Rows> result;

    std::weak_ptr<Connection> connection;  ///< that it was sent on, last
    std::string server_name;               ///< of the prepared statement that it was sent with
    bool solo = false;                     ///< has a sync of its own, although it only reads
    bool abandoned = false;                ///< nobody waits for the answer any more
    bool cancel_sent = false;
    bool may_retry = false;  ///< after a loss: it had no effect, or running it twice does no harm
    bool may_resend = true;  ///< on the same connection: not inside a transaction
    int resends = 0;         ///< on the same connection
    int attempts = 0;        ///< on other connections
    bool cleanup = false;    ///< of the pool itself, between two users of a connection
    std::uint64_t ticket = 0;
};
using OperationPointer = std::shared_ptr<Operation>;

}  // namespace pgmind::postgres
