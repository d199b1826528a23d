#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "async/task.hpp"
#include "platform/postgres/connection_options.hpp"
#include "platform/postgres/errors.hpp"
#include "platform/postgres/rows.hpp"
#include "platform/postgres/session.hpp"
#include "platform/postgres/statement.hpp"

namespace pgmind::postgres {

struct PoolLimits {
    std::size_t connections_max = 8;      ///< open at once, sessions included; of two or more, one
                                          ///< is kept for statements
    std::size_t pipeline_depth_max = 64;  ///< statements sent and not yet answered, per connection
    std::size_t waiting_max = 1024;       ///< requests that may wait for a place; more are refused
    std::chrono::milliseconds idle_close_after{60'000};  ///< all but one connection
    std::chrono::milliseconds backoff_min{50};
    std::chrono::milliseconds backoff_max{2'000};
    /// While no connection can be opened, a request waits at most this long; in an outage that is
    /// older, requests fail at once, but for those that each new attempt is made for.
    std::chrono::milliseconds outage_wait_max{3'000};
};

struct PoolStatistics {
    std::size_t connections = 0;
    std::size_t busy = 0;
    std::size_t waiting = 0;
    std::uint64_t statements = 0;
    std::uint64_t failures = 0;
    std::uint64_t reconnects = 0;
};

/// Called after every statement: its name ("" for unnamed ones), how long it took, and whether it
/// succeeded. Runs on the pool's loop; must not block.
using StatementObserver =
    std::function<void(std::string_view name, std::chrono::steady_clock::duration, bool success)>;

/// Connections of one worker to one database. Statements are pipelined: several are in flight on
/// one connection, each with a sync of its own, so each is its own transaction. Belongs to one
/// event loop; not thread-safe. Connections are opened when needed and kept; a broken one is
/// replaced after a back-off that doubles. Every call ends by its deadline.
class Pool {
  public:
    Pool(boost::asio::io_context& loop, ConnectionOptions options, PoolLimits limits,
         StatementObserver observer);
    ~Pool();
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    /// Runs a prepared statement. A write whose deadline passes after it was sent is not cancelled:
    /// its error is outcome_unknown. A read is cancelled.
    Task<Result<Rows>> execute(const Statement& statement, Parameters parameters,
                               Deadline deadline);

    /// Runs SQL that is not known beforehand (metadata filters); not prepared. One statement only.
    Task<Result<Rows>> query(std::string sql, Effect effect, Parameters parameters,
                             Deadline deadline);

    /// A connection for one caller alone: transactions, COPY. It goes back to the pool when the
    /// session is destroyed; one left in a transaction or a COPY is closed instead.
    Task<Result<Session>> session(Deadline deadline);

    PoolStatistics statistics() const;
    const ConnectionOptions& options() const;

    /// Refuses new work, waits for what is in flight until the deadline, then closes.
    Task<void> close(Deadline deadline);

  private:
    class Implementation;
    std::shared_ptr<Implementation> implementation_;
};

}  // namespace pgmind::postgres
