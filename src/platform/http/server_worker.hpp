#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "async/notifier.hpp"
#include "platform/http/address_counts.hpp"
#include "platform/http/server.hpp"

namespace pgmind::http {

class Connection;

/// What the workers of one server share: options that do not change, and counters.
struct ServerShared {
    ServerOptions options;
    HandlerFactory factory;
    std::shared_ptr<AddressCounts> addresses;
    std::atomic<bool> draining{false};
    std::atomic<std::uint64_t> connections_open{0};  ///< without those being turned away
    std::atomic<std::uint64_t> turning_away{0};
    std::atomic<std::uint64_t> connections_total{0};
    std::atomic<std::uint64_t> connections_refused{0};
};

/// The part of a server that lives on one loop: its handler, its connections, and one clock for all
/// of their deadlines. Instead of a timer for each request a sweep looks at every connection eight
/// times in the shortest timeout, at least four times a second: so exactly is a deadline kept, and
/// so soon is it seen that the client of a slow request has gone. All calls on its loop, but the
/// constructor and requests_total().
class ServerWorker : public std::enable_shared_from_this<ServerWorker> {
  public:
    ServerWorker(Executor executor, std::size_t index, std::shared_ptr<ServerShared> shared);
    ~ServerWorker();

    Executor executor() const { return executor_; }
    const ServerOptions& options() const { return shared_->options; }
    ServerShared& shared() { return *shared_; }
    bool draining() const { return shared_->draining.load(std::memory_order_relaxed); }

    const Handler& handler();
    void add(Connection& connection);
    void remove(Connection& connection);
    /// The Date field's value, made once a second.
    std::string_view date();

    void count_request() { requests_.fetch_add(1, std::memory_order_relaxed); }
    std::uint64_t requests_total() const { return requests_.load(std::memory_order_relaxed); }

    /// Closes idle connections, waits for the others until the deadline, then closes them.
    Task<void> drain(Deadline deadline);

  private:
    static Task<void> sweep(std::shared_ptr<ServerWorker> self);
    Task<void> wait_until_empty(Deadline deadline);

    Executor executor_;
    std::size_t index_;
    std::shared_ptr<ServerShared> shared_;
    Handler handler_;
    std::vector<Connection*> connections_;
    async::Notifier emptied_;
    std::chrono::steady_clock::duration sweep_period_;
    bool sweeping_ = false;
    std::string date_;
    std::int64_t date_second_ = -1;
    alignas(64) std::atomic<std::uint64_t> requests_{0};
};

}  // namespace pgmind::http
