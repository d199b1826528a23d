#include "platform/http/tests/testing.hpp"

#include <cerrno>
#include <charconv>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace pgmind::http {

TestServer::TestServer(HandlerFunction handler, ServerOptions options, std::size_t workers)
    : workers_(workers) {
    server_ = std::make_unique<Server>(workers_, std::move(options),
                                       [handler](std::size_t) -> Handler { return handler; });
    const auto started = server_->start();
    EXPECT_TRUE(started.has_value()) << (started ? "" : started.error().detail);
    workers_.start();
}

TestServer::~TestServer() {
    drain(std::chrono::milliseconds(0));
    workers_.stop();
    workers_.join();
    server_.reset();
}

void TestServer::drain(std::chrono::milliseconds patience) {
    if (!drained_) {
        async::run_blocking_loop(drain_loop_, server_->drain(Deadline::after(patience)));
        drained_ = true;
    }
}

std::string TestServer::url(std::string_view scheme) const {
    return std::string(scheme) + "://localhost:" + std::to_string(port());
}

RawClient::RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval patience{10, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
}

RawClient::~RawClient() {
    ::close(socket_);
}

bool RawClient::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

bool RawClient::fill() {
    char space[16 * 1024];
    const ssize_t count = ::recv(socket_, space, sizeof(space), 0);
    if (count > 0) {
        received_.append(space, static_cast<std::size_t>(count));
        return true;
    }
    reset_ = count < 0 && errno == ECONNRESET;
    EXPECT_TRUE(count == 0 || reset_) << "the server neither answers nor closes";
    return false;
}

std::string RawClient::read_to_end(bool* reset) {
    while (fill()) {
    }
    if (reset != nullptr) {
        *reset = reset_;
    }
    return std::move(received_);
}

std::string RawClient::read_until(std::string_view end) {
    std::size_t found = received_.find(end);
    while (found == std::string::npos) {
        if (!fill()) {
            ADD_FAILURE() << "closed before " << end << ": " << received_;
            return {};
        }
        found = received_.find(end);
    }
    const std::string text = received_.substr(0, found + end.size());
    received_.erase(0, text.size());
    return text;
}

std::string RawClient::read_response() {
    std::string response = read_until("\r\n\r\n");
    const std::string_view name = "Content-Length: ";
    const std::size_t field = response.find(name);
    if (field == std::string::npos) {
        return response;
    }
    std::size_t length = 0;
    const char* digits = response.data() + field + name.size();
    std::from_chars(digits, response.data() + response.size(), length);
    while (received_.size() < length && fill()) {
    }
    response += received_.substr(0, length);
    received_.erase(0, length);
    return response;
}

void RawClient::shutdown_send() {
    ::shutdown(socket_, SHUT_WR);
}

void RawClient::set_receive_buffer(int bytes) {
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
}

std::string answer_to(std::uint16_t port, std::string_view request) {
    RawClient client(port);
    client.send(request);
    return client.read_to_end();
}

bool eventually(const std::function<bool()>& condition) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > give_up) {
            return false;
        }
        ::poll(nullptr, 0, 2);
    }
    return true;
}

}  // namespace pgmind::http
