#pragma once

#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "integration/domain/mcp_version.hpp"
#include "integration/domain/protocol_error.hpp"

namespace pgmind::integration::mcp {

enum class Verb { post, get, remove };
enum class MessageKind { request, notification, response };

/// What the rules need to know of a JSON-RPC message.
struct MessageFacts {
    MessageKind kind = MessageKind::request;
    std::string_view method;  ///< empty for responses
    /// The member that the header Mcp-Name mirrors, where the method has one: params.name of
    /// tools/call and prompts/get, params.uri of resources/read.
    std::optional<std::string_view> name;
    std::optional<std::string_view> claimed_version;  ///< in params._meta
    bool has_client_capabilities = false;             ///< in params._meta
};

/// Header fields as they came, blanks around them removed.
struct ProtocolHeaders {
    std::optional<std::string_view> protocol_version;
    std::optional<std::string_view> method;
    std::optional<std::string_view> name;
    std::optional<std::string_view> session_id;
};

enum class SessionState {
    unnamed,  ///< the request names none
    unknown,  ///< never made, ended, expired, or somebody else's
    known
};

// The protocol's own rules about who may say what, and when: pure functions, so that tables can
// test them. A transport without headers (stdio) skips the rules about headers.

/// Which era a message of a POST belongs to. The body decides; the header counts where it is
/// silent.
Era era_of_message(const ProtocolHeaders& headers, const MessageFacts& message);
/// The same for GET and DELETE, which only sessions have.
Era era_of_verb(const ProtocolHeaders& headers);

/// The checks of a stateless message: its claim about itself, then that the headers say the same.
std::optional<ProtocolError> check_stateless(const ProtocolHeaders& headers,
                                             const MessageFacts& message);

/// What a request of the era with sessions asks of the transport.
enum class SessionAction {
    open,    ///< initialize: make a session
    serve,   ///< handle the message in its session
    listen,  ///< GET: the stream of what the server says unasked
    close    ///< DELETE
};
tl::expected<SessionAction, ProtocolError> decide_session(Verb verb, const ProtocolHeaders& headers,
                                                          const MessageFacts& message,
                                                          SessionState session);

}  // namespace pgmind::integration::mcp
