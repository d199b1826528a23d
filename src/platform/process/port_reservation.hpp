#pragma once

#include <cstdint>

#include "base/result.hpp"
#include "platform/process/file_descriptor.hpp"

namespace pgmind::process {

/// Keeps a TCP port of the loopback address for a server that this process starts: the port is
/// bound but nobody listens, which lets a server that sets SO_REUSEADDR (as PostgreSQL does) bind
/// and listen, while the kernel gives the port to nobody else. Holding it on while the server runs
/// lets the server come back to the same port after a crash.
class PortReservation {
  public:
    /// `port` 0 lets the kernel choose. Errc::in_use when somebody listens on it.
    static Result<PortReservation> take(std::uint16_t port);

    std::uint16_t port() const { return port_; }

  private:
    PortReservation(FileDescriptor descriptor, std::uint16_t port)
        : descriptor_(std::move(descriptor)), port_(port) {}
    FileDescriptor descriptor_;
    std::uint16_t port_;
};

}  // namespace pgmind::process
