#include "async/task.hpp"

#include <cstdio>

#include <boost/asio/steady_timer.hpp>

namespace pgmind::async {

Task<Executor> this_executor() {
    Executor executor = co_await boost::asio::this_coro::executor;
    co_return executor;
}

void spawn(Executor executor, Task<void> task) {
    boost::asio::co_spawn(executor, std::move(task), [](std::exception_ptr thrown) {
        if (!thrown) {
            return;
        }
        try {
            std::rethrow_exception(thrown);
        } catch (const std::exception& error) {
            // tidy: allow print because async/ lies below the log and the process is about to end
            std::fprintf(stderr, "fatal: exception left a task: %s\n", error.what());
        }
        std::terminate();
    });
}

Task<void> wait_until(SteadyTime when) {
    const Executor executor = co_await this_executor();
    boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                      boost::asio::wait_traits<std::chrono::steady_clock>, Executor>
        timer(executor);
    timer.expires_at(when);
    co_await timer.async_wait(use_task);
}

Task<void> wait_for(std::chrono::steady_clock::duration duration) {
    co_await wait_until(std::chrono::steady_clock::now() + duration);
}

}  // namespace pgmind::async
