#pragma once

#include <array>
#include <span>
#include <string_view>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "async/task.hpp"
#include "platform/http/tls.hpp"

namespace pgmind::http {

using Tcp = boost::asio::ip::tcp;
using Socket = boost::asio::basic_stream_socket<Tcp, Executor>;
using IoError = boost::system::error_code;

/// Up to three pieces that are sent as one.
using Pieces = std::array<std::string_view, 3>;

/// A connected TCP socket, plain or under TLS. Belongs to one loop. One read and one write may be
/// under way at a time. It has no clock: whoever owns it calls cancel() when a deadline passes.
class Stream {
  public:
    explicit Stream(Socket socket) : socket_(std::move(socket)) {}

    /// Puts TLS on the socket; handshake() follows.
    void secure(TlsSession session) { tls_ = std::move(session); }
    bool is_secure() const { return static_cast<bool>(tls_); }
    const TlsSession& tls() const { return tls_; }
    Task<IoError> handshake();

    struct Outcome {
        std::size_t bytes = 0;  ///< 0 without an error: the peer has sent its last byte
        IoError error;
    };
    Task<Outcome> read_some(std::span<char> space);

    /// Sends what the socket takes at once, without waiting: the usual case for a small answer.
    /// Gives the number of bytes sent (0 under TLS, where write() does all).
    std::size_t try_write(const Pieces& pieces, IoError& error);
    /// Sends all of it.
    Task<IoError> write(Pieces pieces);

    /// True when bytes, or the end of the stream, wait to be read: on an idle kept connection of a
    /// client, a sign that the server has closed it.
    bool has_input();

    /// Ends what is under way with operation_aborted. The stream stays open.
    void cancel();
    /// Says that no more will be sent; reading goes on.
    void shutdown_send();
    void close();
    /// Closes without TLS's goodbye, from outside the operation under way, which then fails.
    void abort();
    /// Closes so that the peer sees a failure, not an end.
    void reset();
    /// Why the last handshake failed, for a person.
    const std::string& tls_failure() const { return tls_.failure(); }
    Socket& socket() { return socket_; }

  private:
    Task<IoError> wait_for(TlsSession::Wants wants);
    Task<Outcome> read_secure(std::span<char> space);
    Task<IoError> write_secure(std::string_view bytes);

    Socket socket_;
    TlsSession tls_;
};

}  // namespace pgmind::http
