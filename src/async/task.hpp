#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace pgmind {

using Executor = boost::asio::io_context::executor_type;

/// A coroutine of T. Lazy: it runs when awaited, on the event loop of the coroutine that awaits it.
/// Rules (style): one co_await per statement; arguments are named locals or moved; never a
/// capturing lambda; no default arguments on coroutines.
template <class T = void>
using Task = boost::asio::awaitable<T, Executor>;

namespace async {

inline constexpr boost::asio::use_awaitable_t<Executor> use_task{};

/// The event loop that the calling coroutine runs on.
Task<Executor> this_executor();

/// Starts a task that nobody waits for. An exception that leaves it ends the process with a
/// message: it is a bug (expected failures are Results).
void spawn(Executor executor, Task<void> task);

/// Waits until `when`, without holding the loop.
Task<void> wait_until(SteadyTime when);
Task<void> wait_for(std::chrono::steady_clock::duration duration);

namespace detail {

// co_spawn wants values that can be made from nothing; these need not be.
template <class T>
Task<void> keep_value(Task<T> task, std::optional<T>* into) {
    T value = co_await std::move(task);
    into->emplace(std::move(value));
}

}  // namespace detail

/// Runs a task on another event loop and waits for its value here.
template <class T>
Task<T> run_on(Executor executor, Task<T> task) {
    if constexpr (std::is_void_v<T>) {
        co_await boost::asio::co_spawn(executor, std::move(task), use_task);
    } else {
        std::optional<T> value;
        Task<void> keeping = detail::keep_value<T>(std::move(task), &value);
        co_await boost::asio::co_spawn(executor, std::move(keeping), use_task);
        co_return std::move(*value);
    }
}

/// Runs a task on the loop of another thread and blocks this one until it has ended: for start-up
/// and shutdown, never on a loop. The other thread touches nothing of the caller's stack.
template <class T>
T block_on(Executor executor, Task<T> task) {
    auto promise = std::make_shared<std::promise<T>>();
    std::future<T> future = promise->get_future();
    if constexpr (std::is_void_v<T>) {
        boost::asio::co_spawn(executor, std::move(task), [promise](std::exception_ptr thrown) {
            if (thrown) {
                promise->set_exception(thrown);
            } else {
                promise->set_value();
            }
        });
    } else {
        boost::asio::co_spawn(executor, std::move(task),
                              [promise](std::exception_ptr thrown, T value) {
                                  if (thrown) {
                                      promise->set_exception(thrown);
                                  } else {
                                      promise->set_value(std::move(value));
                                  }
                              });
    }
    return future.get();
}

/// Runs a task to its end on an event loop of its own, blocking the calling thread: for main
/// functions, tests and command lines, never for code that serves requests. When the task used
/// other loops, `loop` must outlive their threads: they may still be letting go of it.
template <class T>
T run_blocking_loop(boost::asio::io_context& loop, Task<T> task) {
    if constexpr (std::is_void_v<T>) {
        std::exception_ptr failure;
        bool done = false;
        boost::asio::co_spawn(loop, std::move(task), [&](std::exception_ptr thrown) {
            failure = std::move(thrown);
            done = true;
        });
        loop.restart();
        while (!done && loop.run_one() > 0) {
        }
        if (failure) {
            std::rethrow_exception(failure);
        }
    } else {
        std::optional<T> value;
        run_blocking_loop<void>(loop, detail::keep_value<T>(std::move(task), &value));
        return std::move(*value);
    }
}

}  // namespace async
}  // namespace pgmind
