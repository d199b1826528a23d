#include "integration/domain/arrival_rules.hpp"

#include <string>

#include "integration/domain/header_value.hpp"

namespace pgmind::integration::mcp {
namespace {

ProtocolError refusal(unsigned status, int error_code, std::string message) {
    return ProtocolError{error_code, std::move(message), {}, status};
}

ProtocolError mismatch(std::string message) {
    return refusal(400, code::header_mismatch, std::move(message));
}

std::string quoted(std::string_view text) {
    constexpr std::size_t shown_max = 128;
    const bool cut = text.size() > shown_max;
    return "\"" + std::string(text.substr(0, shown_max)) + (cut ? "...\"" : "\"");
}

bool is_stateless(std::optional<std::string_view> version) {
    return version && era_of(*version) == Era::stateless;
}

std::optional<ProtocolError> check_claim(const ProtocolHeaders& headers,
                                         const MessageFacts& message) {
    if (!message.claimed_version) {
        return refusal(400, code::invalid_params,
                       "params._meta lacks io.modelcontextprotocol/protocolVersion");
    }
    if (!message.has_client_capabilities) {
        return refusal(400, code::invalid_params,
                       "params._meta lacks io.modelcontextprotocol/clientCapabilities");
    }
    if (headers.protocol_version && *headers.protocol_version != *message.claimed_version) {
        return mismatch("the header MCP-Protocol-Version says " +
                        quoted(*headers.protocol_version) + ", params._meta says " +
                        quoted(*message.claimed_version));
    }
    if (!is_stateless(message.claimed_version)) {
        ProtocolError error = refusal(
            400, code::unsupported_version,
            "protocol version " + quoted(*message.claimed_version) + " is not served this way");
        error.data = VersionData{std::string(*message.claimed_version)};
        return error;
    }
    return std::nullopt;
}

std::optional<ProtocolError> check_name_header(const ProtocolHeaders& headers,
                                               const MessageFacts& message) {
    if (!message.name) {
        return std::nullopt;
    }
    if (!headers.name) {
        return mismatch("the header Mcp-Name is missing");
    }
    const auto decoded = decode_header_value(*headers.name);
    if (!decoded) {
        return mismatch("the header Mcp-Name is not valid Base64 between =?base64? and ?=");
    }
    if (*decoded != *message.name) {
        return mismatch("the header Mcp-Name says " + quoted(*decoded) + ", the body says " +
                        quoted(*message.name));
    }
    return std::nullopt;
}

tl::expected<SessionAction, ProtocolError> refuse(ProtocolError error) {
    return tl::unexpected<ProtocolError>(std::move(error));
}

}  // namespace

Era era_of_message(const ProtocolHeaders& headers, const MessageFacts& message) {
    const bool opens = message.kind == MessageKind::request && message.method == "initialize";
    if (message.claimed_version) {
        // initialize is a word of the era with sessions, unless the claim is a stateless one.
        return opens && !is_stateless(message.claimed_version) ? Era::sessions : Era::stateless;
    }
    return is_stateless(headers.protocol_version) ? Era::stateless : Era::sessions;
}

Era era_of_verb(const ProtocolHeaders& headers) {
    return is_stateless(headers.protocol_version) ? Era::stateless : Era::sessions;
}

std::optional<ProtocolError> check_stateless(const ProtocolHeaders& headers,
                                             const MessageFacts& message) {
    if (message.kind == MessageKind::response) {
        return refusal(400, code::invalid_request,
                       "this protocol version has no responses from clients");
    }
    if (message.kind == MessageKind::notification) {
        return std::nullopt;
    }
    if (auto error = check_claim(headers, message)) {
        return error;
    }
    if (!headers.protocol_version) {
        return mismatch("the header MCP-Protocol-Version is missing");
    }
    if (!headers.method) {
        return mismatch("the header Mcp-Method is missing");
    }
    if (*headers.method != message.method) {
        return mismatch("the header Mcp-Method says " + quoted(*headers.method) +
                        ", the body says " + quoted(message.method));
    }
    return check_name_header(headers, message);
}

tl::expected<SessionAction, ProtocolError> decide_session(Verb verb, const ProtocolHeaders& headers,
                                                          const MessageFacts& message,
                                                          SessionState session) {
    const bool opens = verb == Verb::post && message.kind == MessageKind::request &&
                       message.method == "initialize";
    if (opens) {
        // A client whose session was lost may still send its old id along.
        if (session == SessionState::known) {
            return refuse(
                refusal(400, code::invalid_request, "this session is initialized already"));
        }
        return SessionAction::open;
    }
    if (headers.protocol_version && era_of(*headers.protocol_version) != Era::sessions) {
        ProtocolError error = refusal(400, code::unsupported_version,
                                      "the header MCP-Protocol-Version names a version that is "
                                      "not served");
        error.data = VersionData{std::string(*headers.protocol_version)};
        return refuse(std::move(error));
    }
    if (session == SessionState::unnamed) {
        return refuse(refusal(400, code::bad_transport,
                              "the header Mcp-Session-Id is missing: begin with initialize, or "
                              "send the _meta of protocol version 2026-07-28"));
    }
    if (session == SessionState::unknown) {
        ProtocolError error = refusal(404, code::session_not_found,
                                      "there is no such session (any more): begin with initialize");
        error.outcome = "not_found";
        return refuse(std::move(error));
    }
    switch (verb) {
        case Verb::get:
            return SessionAction::listen;
        case Verb::remove:
            return SessionAction::close;
        case Verb::post:
            break;
    }
    return SessionAction::serve;
}

}  // namespace pgmind::integration::mcp
