#pragma once

#include <functional>
#include <string>

#include "base/result.hpp"
#include "client/endpoint.hpp"

namespace pgmind::app {

struct StdioBridgeOptions {
    Endpoint endpoint;
    int input = 0;                                       ///< descriptor of the client's messages
    std::function<void(const std::string&)> write_line;  ///< takes a message for the client
    std::function<void(const std::string&)> log;         ///< takes what happens; may be empty
};

/// Speaks MCP on stdio for a running server: each line is sent to its /mcp over HTTP with the key,
/// and what comes back is written as lines, in both eras of the protocol. A session that the server
/// has lost (a restart) is opened anew without the client noticing; its subscriptions to resources
/// are not.
///
/// Ends when the input does: requests in flight get up to half a minute, then the session is
/// closed. Blocks; used by one thread.
Result<void> run_stdio_bridge(StdioBridgeOptions options);

}  // namespace pgmind::app
