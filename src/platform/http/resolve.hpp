#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "async/blocking_pool.hpp"
#include "platform/http/stream.hpp"

namespace pgmind::http {

/// The addresses of `host` (a name or an address), at least one. Addresses and "localhost" need no
/// lookup; names are looked up on a thread of `blocking`. Gives up at the deadline, even though the
/// lookup itself cannot be interrupted.
Task<Result<std::vector<Tcp::endpoint>>> resolve(async::BlockingPool& blocking, std::string host,
                                                 std::uint16_t port, Deadline deadline);

}  // namespace pgmind::http
