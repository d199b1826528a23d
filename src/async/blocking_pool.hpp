#pragma once

#include <atomic>
#include <memory>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include "async/task.hpp"

namespace pgmind::async {

/// Threads for calls that block (name resolution, PQcancel, file synchronisation, password
/// hashing), so that event loops never do. At most `queue_max` calls wait or run at once; one more
/// is refused. Thread-safe. Destroyed after the loops that use it have stopped.
class BlockingPool {
  public:
    BlockingPool(std::size_t threads, std::size_t queue_max);
    ~BlockingPool();

    /// Runs `function` on a thread of the pool and gives its value on the calling loop. Fails with
    /// Failure::unavailable when the queue is full and deadline_exceeded when the deadline passed
    /// before the call could begin (a call that has begun is waited for).
    template <class Function>
    auto run(Function function, Deadline deadline) -> Task<Result<decltype(function())>>;

  private:
    bool take_slot();
    void give_slot_back() { waiting_.fetch_sub(1, std::memory_order_relaxed); }

    boost::asio::thread_pool threads_;
    std::atomic<std::size_t> waiting_{0};
    std::size_t queue_max_;
};

namespace detail {

template <class Value, class Function>
boost::asio::awaitable<Result<Value>, boost::asio::thread_pool::executor_type> call_blocking(
    Function function, Deadline deadline) {
    if (deadline.passed()) {
        co_return fail(BaseErrc::deadline_exceeded, "waited too long for a worker thread");
    }
    if constexpr (std::is_void_v<Value>) {
        function();
        co_return Result<Value>();
    } else {
        co_return function();
    }
}

}  // namespace detail

template <class Function>
auto BlockingPool::run(Function function, Deadline deadline) -> Task<Result<decltype(function())>> {
    using Value = decltype(function());
    if (!take_slot()) {
        co_return fail(BaseErrc::unavailable, "too many blocking calls are waiting");
    }
    auto call = detail::call_blocking<Value, Function>(std::move(function), deadline);
    Result<Value> result =
        co_await boost::asio::co_spawn(threads_.get_executor(), std::move(call), use_task);
    give_slot_back();
    co_return result;
}

}  // namespace pgmind::async
