#pragma once

#include <string>

#include "base/clock.hpp"
#include "base/ids.hpp"

namespace pgmind {

/// What every use case knows about the request that it serves. Made once at the edge (HTTP, MCP,
/// command line), then passed by const reference; the edge fills in the principal after
/// authentication.
struct RequestContext {
    RequestId request_id;
    Deadline deadline = Deadline::after(std::chrono::seconds(30));
    PrincipalId principal;       ///< empty before authentication
    std::string principal_name;  ///< with it, for those whom no directory knows
    std::string protocol;        ///< "rest", "mcp", "internal"
    std::string remote_address;  ///< textual address of the peer, empty for internal work
};

}  // namespace pgmind
