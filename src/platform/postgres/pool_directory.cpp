#include "platform/postgres/pool_directory.hpp"

#include <utility>

#include "async/when_all.hpp"

namespace pgmind::postgres {
namespace {

// when_all gathers values, so a task without one gets one.
Task<bool> close_one(Pool& pool, Deadline deadline) {
    co_await pool.close(deadline);
    co_return true;
}

}  // namespace

PoolDirectory::PoolDirectory(boost::asio::io_context& loop, Resolver resolver, PoolLimits limits,
                             StatementObserver observer)
    : loop_(loop),
      resolver_(std::move(resolver)),
      limits_(limits),
      observer_(std::move(observer)) {}

Result<Pool*> PoolDirectory::find(std::string_view server, std::string_view database) {
    for (const Item& item : items_) {
        if (item.server == server && item.database == database) {
            return item.pool.get();
        }
    }
    if (closed_) {
        return fail(Errc::closed, "the connection pools are closed");
    }
    Result<ConnectionOptions> options = resolver_(server, database);
    if (!options) {
        return fail(std::move(options.error()));
    }
    auto pool = std::make_unique<Pool>(loop_, std::move(*options), limits_, observer_);
    items_.push_back(Item{std::string(server), std::string(database), std::move(pool)});
    return items_.back().pool.get();
}

Task<void> PoolDirectory::close(Deadline deadline) {
    closed_ = true;
    std::vector<Task<bool>> tasks;
    for (const Item& item : items_) {
        tasks.push_back(close_one(*item.pool, deadline));
    }
    const std::vector<bool> closed = co_await async::when_all(std::move(tasks));
}

}  // namespace pgmind::postgres
