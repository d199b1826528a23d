#pragma once

#include <memory>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>

#include "async/task.hpp"

namespace pgmind::async {

/// The threads that serve requests: one event loop each, nothing shared between them but immutable
/// snapshots. Objects "of a worker" are made, used and destroyed on its loop. Lifecycle: construct,
/// start(), then stop() (from any thread, also a signal task), then join().
class Workers {
  public:
    /// `count` is 1 to 64.
    explicit Workers(std::size_t count);
    ~Workers();
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;

    std::size_t size() const { return loops_.size(); }
    boost::asio::io_context& loop(std::size_t index) { return *loops_[index]; }
    Executor executor(std::size_t index) { return loops_[index]->get_executor(); }

    void start();
    /// Lets the loops end; work that is still queued is dropped.
    void stop();
    void join();

  private:
    using Guard = boost::asio::executor_work_guard<Executor>;

    std::vector<std::unique_ptr<boost::asio::io_context>> loops_;
    std::vector<Guard> guards_;
    std::vector<std::thread> threads_;
};

}  // namespace pgmind::async
