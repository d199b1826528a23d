#include "platform/process/port_reservation.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "platform/process/errors.hpp"

namespace pgmind::process {
namespace {

// Does what PostgreSQL does with its port.
bool listen_on(const FileDescriptor& descriptor, std::uint16_t port) {
    const int enable = 1;
    ::setsockopt(descriptor.get(), SOL_SOCKET, SO_REUSEADDR, &enable, sizeof enable);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return ::bind(descriptor.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
           ::listen(descriptor.get(), 1) == 0;
}

TEST(PortReservation, LetsAServerListenAgainAndAgain) {
    const Result<PortReservation> reserved = PortReservation::take(0);
    ASSERT_TRUE(reserved) << reserved.error().detail;
    EXPECT_GT(reserved->port(), 0);
    for (int start = 0; start < 2; ++start) {
        const FileDescriptor server(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        EXPECT_TRUE(listen_on(server, reserved->port()));
    }
}

TEST(PortReservation, RefusesAPortThatSomebodyListensOn) {
    const FileDescriptor server(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const std::uint16_t port = PortReservation::take(0).value().port();
    ASSERT_TRUE(listen_on(server, port));
    const Result<PortReservation> refused = PortReservation::take(port);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::in_use);
    EXPECT_NE(refused.error().detail.find(std::to_string(port)), std::string::npos);
}

}  // namespace
}  // namespace pgmind::process
