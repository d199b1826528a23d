#include "fake_server.hpp"

#include <gtest/gtest.h>

#include "async/notifier.hpp"

namespace pgmind::app {
namespace {

constexpr std::size_t kBodyMax = 16 * 1024 * 1024;

}  // namespace

FakeServer::FakeServer(Answer answer) : answer_(std::move(answer)) {
    server_ = std::make_unique<http::Server>(
        workers_, http::ServerOptions{}, [this](std::size_t) -> http::Handler {
            return [this](http::Exchange& exchange) { return serve(*this, exchange); };
        });
    EXPECT_TRUE(server_->start().has_value());
    workers_.start();
}

FakeServer::~FakeServer() {
    workers_.stop();
    workers_.join();
}

std::string FakeServer::url() const {
    return "http://127.0.0.1:" + std::to_string(server_->port());
}

std::vector<SeenRequest> FakeServer::seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
}

std::size_t FakeServer::abandoned() const {
    const std::lock_guard lock(mutex_);
    return abandoned_;
}

Task<void> FakeServer::serve(FakeServer& server, http::Exchange& exchange) {
    auto body = co_await exchange.read_body(kBodyMax);
    SeenRequest request{exchange.head().method, exchange.head().target, exchange.head().headers,
                        body.value_or("")};
    {
        const std::lock_guard lock(server.mutex_);
        server.seen_.push_back(request);
    }
    std::optional<http::Response> response = server.answer_(request);
    if (response) {
        auto sent = co_await exchange.respond(std::move(*response));
        co_return;
    }
    const Executor executor = co_await async::this_executor();
    async::Notifier gone(executor);
    // The client may go before this waits for it.
    bool is_gone = false;
    exchange.notify_disconnect([&gone, &is_gone] {
        is_gone = true;
        gone.notify_all();
    });
    http::Headers headers;
    headers.add("Content-Type", "text/event-stream");
    auto started = co_await exchange.start(200, std::move(headers));
    auto written = co_await exchange.write(": open\n\n");
    while (!is_gone) {
        co_await gone.wait();
    }
    const std::lock_guard lock(server.mutex_);
    ++server.abandoned_;
}

http::Response json_response(unsigned status, std::string body) {
    http::Response response;
    response.status = status;
    response.headers.add("Content-Type", "application/json");
    response.body = std::move(body);
    return response;
}

}  // namespace pgmind::app
