#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "platform/http/message.hpp"

namespace pgmind::app {

/// What a bridge has to know of a JSON-RPC message that passes through.
struct McpMessage {
    enum class Kind { request, notification, response, batch };
    Kind kind = Kind::request;
    std::string id;  ///< JSON text; empty for notifications, responses and batches
    std::string method;
    std::string name;  ///< what the header Mcp-Name repeats
    bool has_name = false;
    std::string version;  ///< that the message claims for itself (stateless era); else empty
    std::string cancels;  ///< of notifications/cancelled: the JSON text of the request's id

    bool is_stateless() const { return !version.empty(); }
    bool expects_answer() const { return kind == Kind::request || kind == Kind::batch; }
};

/// Reads one line. Fails when it is not JSON, or neither an object nor an array.
Result<McpMessage> read_mcp_message(std::string_view line);

/// What is remembered of a session, once initialize was answered with one.
struct McpSession {
    std::string id;
    std::string version;
};

/// The headers that say over HTTP what stdio leaves to the message.
http::Headers mcp_headers(const McpMessage& message, const McpSession& session);

/// An error response; `id` is JSON text, empty: null.
std::string mcp_error(std::string_view id, std::int64_t code, std::string_view message);

inline constexpr std::int64_t kParseError = -32700;
inline constexpr std::int64_t kInvalidRequest = -32600;
inline constexpr std::int64_t kServerError = -32000;

}  // namespace pgmind::app
