#include "async/task.hpp"

#include <thread>

#include <gtest/gtest.h>

#include "async/blocking_pool.hpp"
#include "async/when_all.hpp"
#include "async/workers.hpp"

namespace pgmind::async {
namespace {

Task<int> number_after(int number, int milliseconds) {
    co_await wait_for(std::chrono::milliseconds(milliseconds));
    co_return number;
}

Task<std::vector<int>> gather_three() {
    std::vector<Task<int>> tasks;
    tasks.push_back(number_after(1, 5));
    tasks.push_back(number_after(2, 1));
    tasks.push_back(number_after(3, 0));
    std::vector<int> values = co_await when_all(std::move(tasks));
    co_return values;
}

TEST(WhenAll, KeepsTheOrderOfTheTasks) {
    boost::asio::io_context loop(1);
    EXPECT_EQ(run_blocking_loop(loop, gather_three()), (std::vector<int>{1, 2, 3}));
}

Task<bool> wait_past(Notifier& notifier) {
    const Deadline soon = Deadline::after(std::chrono::milliseconds(2));
    const bool notified = co_await notifier.wait_until(soon);
    co_return notified;
}

TEST(Notifier, SaysWhenTheDeadlineCameFirst) {
    boost::asio::io_context loop(1);
    Notifier notifier(loop.get_executor());
    EXPECT_FALSE(run_blocking_loop(loop, wait_past(notifier)));
}

Task<Result<int>> call_pool(BlockingPool& pool, Deadline deadline) {
    auto function = [] { return 7; };
    Result<int> value = co_await pool.run(function, deadline);
    co_return value;
}

TEST(BlockingPool, RunsOnItsOwnThreadAndRefusesWhatIsTooLate) {
    boost::asio::io_context loop(1);
    BlockingPool pool(1, 4);
    const auto value =
        run_blocking_loop(loop, call_pool(pool, Deadline::after(std::chrono::seconds(5))));
    ASSERT_TRUE(value.has_value());
    EXPECT_EQ(*value, 7);
    const auto late = run_blocking_loop(loop, call_pool(pool, Deadline::at(SteadyTime())));
    ASSERT_FALSE(late.has_value());
    EXPECT_TRUE(late.error().is(Failure::deadline_exceeded));
}

TEST(BlockingPool, RefusesWhenItsQueueIsFull) {
    boost::asio::io_context loop(1);
    BlockingPool pool(1, 0);
    const auto refused =
        run_blocking_loop(loop, call_pool(pool, Deadline::after(std::chrono::seconds(5))));
    ASSERT_FALSE(refused.has_value());
    EXPECT_TRUE(refused.error().is(Failure::unavailable));
}

Task<std::thread::id> thread_of() {
    co_return std::this_thread::get_id();
}

TEST(RunOn, RunsOnTheOtherLoop) {
    Workers workers(1);
    workers.start();
    boost::asio::io_context loop(1);
    const std::thread::id other = run_blocking_loop(loop, run_on(workers.executor(0), thread_of()));
    EXPECT_NE(other, std::this_thread::get_id());
    workers.stop();
    workers.join();
}

}  // namespace
}  // namespace pgmind::async
