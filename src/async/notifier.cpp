#include "async/notifier.hpp"

#include <algorithm>

#include <boost/asio/redirect_error.hpp>

namespace pgmind::async {

// Keeps the list of waiters right even when the waiting coroutine is destroyed.
struct Notifier::Waiter {
    Waiter(std::vector<Timer*>& waiting, Timer& waiting_timer)
        : waiters(waiting), timer(&waiting_timer) {
        waiters.push_back(timer);
    }
    ~Waiter() { std::erase(waiters, timer); }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    std::vector<Timer*>& waiters;
    Timer* timer;
};

Notifier::Notifier(Executor executor) : executor_(executor) {}

Task<void> Notifier::wait() {
    // Far enough to mean "never"; time_point::max() would overflow in the timer queue.
    const Deadline never = Deadline::after(std::chrono::hours(24 * 365));
    co_await wait_until(never);
}

Task<bool> Notifier::wait_until(Deadline deadline) {
    Timer timer(executor_);
    timer.expires_at(deadline.when());
    const Waiter waiter(waiters_, timer);
    boost::system::error_code error;
    auto token = boost::asio::redirect_error(use_task, error);
    co_await timer.async_wait(token);
    co_return error == boost::asio::error::operation_aborted;
}

void Notifier::notify_all() {
    for (Timer* timer : waiters_) {
        timer->cancel();
    }
}

}  // namespace pgmind::async
