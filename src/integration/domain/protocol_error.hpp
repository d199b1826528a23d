#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pgmind::integration::mcp {

/// Codes of JSON-RPC 2.0, of MCP, and (from -32050 down) of this server.
namespace code {
inline constexpr int parse_error = -32700;
inline constexpr int invalid_request = -32600;
inline constexpr int method_not_found = -32601;
inline constexpr int invalid_params = -32602;
inline constexpr int internal_error = -32603;
inline constexpr int bad_transport = -32000;
inline constexpr int session_not_found = -32001;
inline constexpr int resource_not_found = -32002;  ///< of the revisions with sessions
inline constexpr int header_mismatch = -32020;
inline constexpr int missing_client_capability = -32021;
inline constexpr int unsupported_version = -32022;
inline constexpr int unauthenticated = -32050;
inline constexpr int permission_denied = -32051;
inline constexpr int unavailable = -32052;  ///< also limits and deadlines: try again later
inline constexpr int overloaded = -32053;   ///< too many sessions, requests or subscriptions
}  // namespace code

/// The `data` of an error, by kind.
struct VersionData {
    std::string requested;
};
struct CapabilityData {
    std::vector<std::string> required;  ///< names of client capabilities
};
struct UriData {
    std::string uri;
};
struct FieldData {
    std::string field;
};
using ErrorData = std::variant<std::monostate, VersionData, CapabilityData, UriData, FieldData>;

/// Why a message is not served. Failures of a tool are no protocol errors: the model shall see
/// them, so they travel as results.
struct ProtocolError {
    int code = code::internal_error;
    std::string message;  ///< one sentence
    ErrorData data = {};
    /// Status over HTTP. Errors of a request that was understood travel as 200 with the error in
    /// the body; the transport's own errors have a status of their own.
    unsigned http_status = 200;
    /// What the audit log, metrics and the McpResponseSent event call it.
    std::string_view outcome = "invalid_argument";
    /// What a denied caller would need ("memory:write"), else empty.
    std::string required_scope = {};
};

}  // namespace pgmind::integration::mcp
