#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "async/workers.hpp"
#include "platform/http/server.hpp"

namespace pgmind::http {

using HandlerFunction = Task<void> (*)(Exchange&);

/// A server on a free port of loopback with workers of its own; drained at its end.
class TestServer {
  public:
    explicit TestServer(HandlerFunction handler, ServerOptions options = {},
                        std::size_t workers = 2);
    ~TestServer();

    std::uint16_t port() const { return server_->port(); }
    Server& server() { return *server_; }
    async::Workers& workers() { return workers_; }
    /// Blocks until drained.
    void drain(std::chrono::milliseconds patience);
    std::string url(std::string_view scheme = "http") const;

  private:
    boost::asio::io_context drain_loop_{1};
    async::Workers workers_;
    std::unique_ptr<Server> server_;
    bool drained_ = false;
};

/// A client that sends exactly what it is told: for requests that no client library would send.
/// Blocking; each call gives up after ten seconds.
class RawClient {
  public:
    explicit RawClient(std::uint16_t port);
    ~RawClient();
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    /// False when the server has closed the connection.
    bool send(std::string_view bytes);
    /// Everything until the server closes; `reset` tells that it closed by a reset.
    std::string read_to_end(bool* reset = nullptr);
    /// One response with Content-Length, its head and its body.
    std::string read_response();
    /// Until `end` has come.
    std::string read_until(std::string_view end);
    void shutdown_send();
    void set_receive_buffer(int bytes);

  private:
    bool fill();

    int socket_ = -1;
    bool reset_ = false;
    std::string received_;
};

/// Sends `request`, half-closes nothing, and gives all that comes back until the server closes.
std::string answer_to(std::uint16_t port, std::string_view request);

/// Polls `condition` until it holds; false after ten seconds.
bool eventually(const std::function<bool()>& condition);

}  // namespace pgmind::http
