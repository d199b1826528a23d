#include "platform/http/tests/fake_server.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace pgmind::http {

FakeServer::FakeServer(std::vector<std::string> answers)
    : answers_(std::move(answers)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), length);
    ::listen(listener_, 16);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
}

FakeServer::~FakeServer() {
    ::shutdown(listener_, SHUT_RDWR);  // wakes accept()
    thread_.join();
    ::close(listener_);
}

void FakeServer::run() {
    while (true) {
        const int socket = ::accept(listener_, nullptr, nullptr);
        if (socket < 0) {
            return;
        }
        ++connections_;
        serve(socket);
        ::close(socket);
    }
}

void FakeServer::serve(int socket) const {
    for (const std::string& answer : answers_) {
        std::string request;
        char space[4096];
        while (request.find("\r\n\r\n") == std::string::npos) {
            const ssize_t count = ::recv(socket, space, sizeof(space), 0);
            if (count <= 0) {
                return;
            }
            request.append(space, static_cast<std::size_t>(count));
        }
        if (answer.empty()) {
            return;
        }
        ::send(socket, answer.data(), answer.size(), MSG_NOSIGNAL);
    }
}

}  // namespace pgmind::http
