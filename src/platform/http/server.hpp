#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "async/task.hpp"
#include "async/workers.hpp"
#include "platform/http/message.hpp"

namespace pgmind::http {

struct ServerOptions {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;            ///< 0: the system picks one (Server::port())
    std::string tls_certificate_file;  ///< PEM chain; with the key: TLS 1.2 and 1.3
    std::string tls_key_file;
    /// Authorities (PEM) of client certificates; a client may show one and need not. Empty: none
    /// are asked for.
    std::string tls_client_ca_file;
    std::size_t connections_max = 12'000;
    /// Of them, those that one address may have (an IPv6 address: its /64); 0: no limit.
    std::size_t connections_per_address_max = 0;
    std::size_t header_bytes_max = std::size_t{16} * 1024;
    std::chrono::milliseconds header_timeout{10'000};  ///< to send the whole head
    std::chrono::milliseconds keep_alive_timeout{75'000};
    std::chrono::milliseconds write_timeout{30'000};
    std::chrono::milliseconds body_timeout{60'000};  ///< between two chunks of a body
};

/// One request and the answer to it. The handler reads the body (whole or in chunks), then answers
/// once: respond() with a whole body, or start(), write()..., finish() for a stream (chunked, SSE).
/// A body that the handler leaves unread is drained up to 64 KiB, else the connection closes.
/// Belongs to one loop and dies with the request.
class Exchange {
  public:
    virtual ~Exchange() = default;
    virtual const RequestHead& head() const = 0;

    /// The whole body; payload_too_large when it is longer than `bytes_max`. Decodes
    /// Content-Encoding: gzip (the limit holds for the decoded size).
    virtual Task<Result<std::string>> read_body(std::size_t bytes_max) = 0;
    /// The next part of the body, nullopt at its end (gzip decoded). Parts are at most 64 KiB.
    virtual Task<Result<std::optional<std::string>>> read_chunk() = 0;

    /// Sends a whole response. Adds Content-Length, Date; compresses with gzip when the client
    /// accepts it and the body is text of 1 KiB to 1 MiB without a strong ETag.
    virtual Task<Result<void>> respond(Response response) = 0;

    virtual Task<Result<void>> start(unsigned status, Headers headers) = 0;
    virtual Task<Result<void>> write(std::string_view chunk) = 0;
    virtual Task<Result<void>> finish() = 0;
    virtual bool started() const = 0;

    /// Calls `on_close` once if the client goes away before the handler returns (cancellation), at
    /// once if it has gone already. It is seen within a quarter of a second, or when a read or a
    /// write fails. The function runs on this loop and must not block. A client that has 16 KiB of
    /// further requests waiting is not watched.
    virtual void notify_disconnect(std::function<void()> on_close) = 0;
    /// True when the server is draining: long-lived streams should end.
    virtual bool draining() const = 0;
};

/// Serves one request. Must not throw; one is made for each worker, on that worker's loop, where it
/// is called and, by drain(), destroyed.
using Handler = std::function<Task<void>(Exchange&)>;
using HandlerFactory = std::function<Handler(std::size_t worker)>;

/// Whether a server could start with these options now, with the errors of Server::start(): listens
/// for a moment and lets go. For those with much to do before they can serve.
Result<void> check_listening(const ServerOptions& options);

/// Accepts connections and spreads them over the workers. start() and drain() from any one thread.
/// Outlived by the workers; drained, or its workers stopped, before what its handlers use goes
/// away.
class Server {
  public:
    Server(async::Workers& workers, ServerOptions options, HandlerFactory factory);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Binds and begins to accept. Errors name the address and port (in use, not allowed, bad
    /// certificate).
    Result<void> start();
    std::uint16_t port() const;

    /// Reads certificate and key again; connections that are accepted from now on get them, those
    /// that are open keep theirs. On an error everything stays as it was. Blocks on the files;
    /// thread-safe between start() and drain(). Nothing to do without TLS.
    Result<void> reload_certificate();

    /// Stops accepting, lets requests in flight finish until the deadline, then closes the rest.
    Task<void> drain(Deadline deadline);

    struct Statistics {
        std::uint64_t connections_open = 0;
        std::uint64_t connections_total = 0;
        std::uint64_t connections_refused = 0;
        std::uint64_t requests_total = 0;
    };
    Statistics statistics() const;

  private:
    class Implementation;
    std::shared_ptr<Implementation> implementation_;
};

}  // namespace pgmind::http
