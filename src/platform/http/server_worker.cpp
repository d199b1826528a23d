#include "platform/http/server_worker.hpp"

#include <algorithm>
#include <ctime>

#include "platform/http/connection.hpp"
#include "platform/http/response_head.hpp"

namespace pgmind::http {
namespace {

// How long drain() lets handlers notice that their connection was closed under them.
constexpr std::chrono::milliseconds kCloseGrace{1000};

std::chrono::steady_clock::duration period_for(const ServerOptions& options) {
    const auto shortest = std::min({options.header_timeout, options.keep_alive_timeout,
                                    options.write_timeout, options.body_timeout});
    return std::clamp(shortest / 8, std::chrono::milliseconds(5), std::chrono::milliseconds(250));
}

}  // namespace

ServerWorker::ServerWorker(Executor executor, std::size_t index,
                           std::shared_ptr<ServerShared> shared)
    : executor_(executor),
      index_(index),
      shared_(std::move(shared)),
      emptied_(executor),
      sweep_period_(period_for(shared_->options)) {}

ServerWorker::~ServerWorker() = default;

const Handler& ServerWorker::handler() {
    if (!handler_) {
        handler_ = shared_->factory(index_);
    }
    return handler_;
}

void ServerWorker::add(Connection& connection) {
    connection.index = connections_.size();
    connections_.push_back(&connection);
    if (!sweeping_) {
        sweeping_ = true;
        async::spawn(executor_, sweep(shared_from_this()));
    }
}

void ServerWorker::remove(Connection& connection) {
    connections_.back()->index = connection.index;
    connections_[connection.index] = connections_.back();
    connections_.pop_back();
    if (connections_.empty()) {
        emptied_.notify_all();
    }
}

Task<void> ServerWorker::sweep(std::shared_ptr<ServerWorker> self) {
    while (!self->connections_.empty()) {
        co_await async::wait_for(self->sweep_period_);
        const SteadyTime now = std::chrono::steady_clock::now();
        for (Connection* connection : self->connections_) {
            if (connection->deadline() <= now) {
                connection->on_deadline();
            }
            connection->on_sweep();
        }
    }
    self->sweeping_ = false;
}

std::string_view ServerWorker::date() {
    const std::int64_t second = std::time(nullptr);
    if (second != date_second_) {
        date_ = format_http_date(second);
        date_second_ = second;
    }
    return date_;
}

Task<void> ServerWorker::wait_until_empty(Deadline deadline) {
    while (!connections_.empty() && !deadline.passed()) {
        co_await emptied_.wait_until(deadline);
    }
}

Task<void> ServerWorker::drain(Deadline deadline) {
    for (Connection* connection : connections_) {
        if (connection->idle()) {
            connection->close();
        }
    }
    co_await wait_until_empty(deadline);
    for (Connection* connection : connections_) {
        connection->disconnect();
    }
    const Deadline grace = Deadline::after(kCloseGrace);
    co_await wait_until_empty(grace);
    if (connections_.empty()) {
        handler_ = nullptr;  // what it holds belongs to this loop
    }
}

}  // namespace pgmind::http
