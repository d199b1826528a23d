#pragma once

#include <boost/asio/steady_timer.hpp>

#include "async/task.hpp"

namespace pgmind::async {

/// A condition that tasks of one event loop can wait for. Not thread-safe: notify and wait on the
/// loop it was made for. Waiters check their own predicate again after waking.
class Notifier {
  public:
    explicit Notifier(Executor executor);

    /// Returns at the next notify_all().
    Task<void> wait();
    /// As wait(), but false when the deadline passes first.
    Task<bool> wait_until(Deadline deadline);
    void notify_all();

  private:
    using Timer = boost::asio::basic_waitable_timer<
        std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;
    struct Waiter;

    Executor executor_;
    std::vector<Timer*> waiters_;
};

}  // namespace pgmind::async
