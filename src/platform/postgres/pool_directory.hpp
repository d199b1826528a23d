#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "platform/postgres/pool.hpp"

namespace pgmind::postgres {

/// The pools of one worker, by server and database, each made when it is first asked for. Belongs
/// to the worker's loop; not thread-safe. Outlives everything that was given a pool.
class PoolDirectory {
  public:
    /// Where a server is and how to log in to one of its databases; fails with a sentence when
    /// there is no such server. Called once for each pair.
    using Resolver = std::function<Result<ConnectionOptions>(std::string_view server,
                                                             std::string_view database)>;

    PoolDirectory(boost::asio::io_context& loop, Resolver resolver, PoolLimits limits,
                  StatementObserver observer);

    /// Never null. Two string comparisons for each pool there is; no allocation once it is made.
    Result<Pool*> find(std::string_view server, std::string_view database);

    struct Item {
        std::string server;
        std::string database;
        std::unique_ptr<Pool> pool;
    };
    /// All pools made so far, for metrics.
    const std::vector<Item>& items() const { return items_; }

    /// Closes every pool, all at once, and makes no new ones.
    Task<void> close(Deadline deadline);

  private:
    boost::asio::io_context& loop_;
    Resolver resolver_;
    PoolLimits limits_;
    StatementObserver observer_;
    std::vector<Item> items_;
    bool closed_ = false;
};

}  // namespace pgmind::postgres
