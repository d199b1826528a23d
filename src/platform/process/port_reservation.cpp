#include "platform/process/port_reservation.hpp"

#include <cerrno>
#include <string>

#include <netinet/in.h>
#include <sys/socket.h>

#include "platform/process/errors.hpp"

namespace pgmind::process {

Result<PortReservation> PortReservation::take(std::uint16_t port) {
    const std::string doing = port == 0 ? "find a free port" : "use port " + std::to_string(port);
    FileDescriptor descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int enable = 1;
    if (!descriptor.valid() ||
        ::setsockopt(descriptor.get(), SOL_SOCKET, SO_REUSEADDR, &enable, sizeof enable) != 0) {
        return fail(system_error(doing, errno));
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(descriptor.get(), generic, size) != 0 ||
        ::getsockname(descriptor.get(), generic, &size) != 0) {
        return fail(system_error(doing, errno));
    }
    return PortReservation(std::move(descriptor), ntohs(address.sin_port));
}

}  // namespace pgmind::process
