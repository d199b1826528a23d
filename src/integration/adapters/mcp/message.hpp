#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "integration/domain/arrival_rules.hpp"
#include "integration/domain/log_level.hpp"
#include "platform/json/value.hpp"

namespace pgmind::integration::mcp {

/// What a client says it can do for the server. Names as in MCP's ClientCapabilities.
struct ClientCapabilities {
    bool elicitation = false;
    bool sampling = false;
    bool roots = false;
};
ClientCapabilities read_capabilities(const json::Value& value);

/// params._meta of a request.
struct RequestMeta {
    std::optional<std::string> claimed_version;
    bool has_client_capabilities = false;
    ClientCapabilities capabilities;
    std::string progress_token;  ///< JSON text; empty: no progress is wanted
    std::optional<LogLevel> log_level;
};

/// A JSON-RPC 2.0 message. Its JSON values point into `text`, which it shares.
struct Message {
    std::shared_ptr<const std::string> text;
    MessageKind kind = MessageKind::request;
    std::string id;      ///< JSON text of a string or whole number; empty for notifications
    std::string method;  ///< empty for responses
    std::optional<json::Object> params;
    RequestMeta meta;
    std::string name;  ///< params.name or params.uri, where Mcp-Name mirrors it
    bool has_name = false;
    std::string result;  ///< of a response: JSON text, empty when it is an error
    std::string error;   ///< of a response: JSON text, empty when it is a result

    MessageFacts facts() const;
};

/// Why a text is no message; `id` is the message's id if that much could be read.
struct Unreadable {
    ProtocolError error;
    std::string id;
};

struct Incoming {
    std::vector<Message> messages;  ///< exactly one unless `batch`
    bool batch = false;             ///< came as an array
};

inline constexpr std::size_t kBatchMessagesMax = 50;

/// Reads one message, or an array of them. `bytes_max` bounds the text.
tl::expected<Incoming, Unreadable> parse_incoming(std::string text, std::size_t bytes_max);

// Messages to the client, as JSON text. `id`, `result` and `params` are JSON texts.
std::string result_message(std::string_view id, std::string_view result);
/// Without an id when none could be read.
std::string error_message(std::string_view id, const ProtocolError& error);
std::string notification_message(std::string_view method, std::string_view params);
std::string request_message(std::string_view id, std::string_view method, std::string_view params);

}  // namespace pgmind::integration::mcp
