#include "platform/http/stream.hpp"

#include <cerrno>

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>
#include <sys/socket.h>

namespace pgmind::http {
namespace {

using Buffers = std::array<boost::asio::const_buffer, 3>;

Buffers to_buffers(const Pieces& pieces) {
    return {boost::asio::buffer(pieces[0]), boost::asio::buffer(pieces[1]),
            boost::asio::buffer(pieces[2])};
}

}  // namespace

Task<IoError> Stream::handshake() {
    while (socket_.is_open()) {
        const TlsSession::Step step = tls_.handshake();
        if (step.wants == TlsSession::Wants::nothing) {
            co_return step.error;
        }
        const IoError error = co_await wait_for(step.wants);
        if (error) {
            co_return error;
        }
    }
    co_return boost::asio::error::operation_aborted;
}

Task<Stream::Outcome> Stream::read_some(std::span<char> space) {
    if (tls_) {
        const Outcome outcome = co_await read_secure(space);
        co_return outcome;
    }
    IoError error;
    auto token = boost::asio::redirect_error(async::use_task, error);
    const std::size_t bytes =
        co_await socket_.async_read_some(boost::asio::buffer(space.data(), space.size()), token);
    if (error == boost::asio::error::eof) {
        co_return Outcome{};
    }
    co_return Outcome{bytes, error};
}

Task<Stream::Outcome> Stream::read_secure(std::span<char> space) {
    while (socket_.is_open()) {
        const TlsSession::Step step = tls_.read(space);
        if (step.wants == TlsSession::Wants::nothing) {
            co_return Outcome{step.bytes, step.error};
        }
        const IoError error = co_await wait_for(step.wants);
        if (error) {
            co_return Outcome{0, error};
        }
    }
    co_return Outcome{0, boost::asio::error::operation_aborted};
}

std::size_t Stream::try_write(const Pieces& pieces, IoError& error) {
    if (tls_) {
        return 0;
    }
    const std::size_t bytes = socket_.write_some(to_buffers(pieces), error);
    if (error == boost::asio::error::would_block || error == boost::asio::error::try_again) {
        error.clear();
        return 0;
    }
    return bytes;
}

Task<IoError> Stream::write(Pieces pieces) {
    if (!tls_) {
        IoError error;
        auto token = boost::asio::redirect_error(async::use_task, error);
        co_await boost::asio::async_write(socket_, to_buffers(pieces), token);
        co_return error;
    }
    // Small pieces become one TLS record; a large one is not worth a copy.
    std::string joined;
    for (const std::string_view piece : pieces) {
        if (joined.size() + piece.size() <= TlsSession::kRecordBytesMax) {
            joined += piece;
            continue;
        }
        IoError error = co_await write_secure(joined);
        joined.clear();
        if (!error) {
            error = co_await write_secure(piece);
        }
        if (error) {
            co_return error;
        }
    }
    const IoError error = co_await write_secure(joined);
    co_return error;
}

Task<IoError> Stream::write_secure(std::string_view bytes) {
    while (!bytes.empty()) {
        if (!socket_.is_open()) {
            co_return boost::asio::error::operation_aborted;
        }
        const TlsSession::Step step = tls_.write(bytes);
        if (step.wants == TlsSession::Wants::nothing) {
            if (step.error) {
                co_return step.error;
            }
            bytes.remove_prefix(step.bytes);
            continue;
        }
        const IoError error = co_await wait_for(step.wants);
        if (error) {
            co_return error;
        }
    }
    co_return IoError();
}

Task<IoError> Stream::wait_for(TlsSession::Wants wants) {
    IoError error;
    auto token = boost::asio::redirect_error(async::use_task, error);
    const auto direction =
        wants == TlsSession::Wants::to_read ? Socket::wait_read : Socket::wait_write;
    co_await socket_.async_wait(direction, token);
    if (!error && !socket_.is_open()) {
        // Closed after the wait had ended: the descriptor may already be another connection's.
        error = boost::asio::error::operation_aborted;
    }
    co_return error;
}

bool Stream::has_input() {
    char byte = 0;
    const ssize_t received = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return received >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

void Stream::cancel() {
    IoError ignored;  // a closed socket has nothing to cancel
    socket_.cancel(ignored);
}

void Stream::shutdown_send() {
    if (tls_) {
        tls_.say_goodbye();
    }
    IoError ignored;  // the peer may be gone already
    socket_.shutdown(Socket::shutdown_send, ignored);
}

void Stream::close() {
    if (tls_ && socket_.is_open()) {
        tls_.say_goodbye();
    }
    abort();
}

void Stream::reset() {
    IoError ignored;  // a socket that cannot linger is closed all the same
    socket_.set_option(boost::asio::socket_base::linger(true, 0), ignored);
    abort();
}

void Stream::abort() {
    IoError ignored;  // close(2) releases the descriptor even when it reports an error
    socket_.close(ignored);
}

}  // namespace pgmind::http
