#include "bridge/mcp_message.hpp"

#include "client/json_node.hpp"
#include "integration/domain/header_value.hpp"
#include "platform/json/writer.hpp"

namespace pgmind::app {
namespace {

constexpr std::string_view kVersionKey = "io.modelcontextprotocol/protocolVersion";

// The member that Mcp-Name repeats, for the methods that have one.
std::string_view name_member(std::string_view method) {
    if (method == "tools/call" || method == "prompts/get") {
        return "name";
    }
    return method == "resources/read" ? "uri" : "";
}

}  // namespace

Result<McpMessage> read_mcp_message(std::string_view line) {
    const auto value = json::parse(line, kJsonLimits);
    if (!value) {
        return fail(value.error());
    }
    McpMessage message;
    if (value->kind() == json::Kind::array) {
        message.kind = McpMessage::Kind::batch;
        return message;
    }
    if (value->kind() != json::Kind::object) {
        return fail(invalid_argument("", "a message is an object"));
    }
    const JsonNode object(*value);
    message.method = object["method"].text();
    if (message.method.empty()) {
        message.kind = McpMessage::Kind::response;
        return message;
    }
    const JsonNode params = object["params"];
    message.version = params["_meta"][kVersionKey].text();
    const std::string_view member = name_member(message.method);
    if (!member.empty() && params[member].is_string()) {
        message.name = params[member].text();
        message.has_name = true;
    }
    if (object["id"]) {
        message.id = object["id"].raw();
        return message;
    }
    message.kind = McpMessage::Kind::notification;
    if (message.method == "notifications/cancelled" && params["requestId"]) {
        message.cancels = params["requestId"].raw();
    }
    return message;
}

http::Headers mcp_headers(const McpMessage& message, const McpSession& session) {
    http::Headers headers;
    headers.add("Content-Type", "application/json");
    headers.add("Accept", "application/json, text/event-stream");
    if (message.is_stateless()) {
        headers.add("MCP-Protocol-Version", message.version);
        headers.add("Mcp-Method", message.method);
        if (message.has_name) {
            headers.add("Mcp-Name", integration::mcp::encode_header_value(message.name));
        }
        return headers;
    }
    if (!session.id.empty() && message.method != "initialize") {
        headers.add("Mcp-Session-Id", session.id);
        headers.add("MCP-Protocol-Version", session.version);
    }
    return headers;
}

std::string mcp_error(std::string_view id, std::int64_t code, std::string_view message) {
    std::string out;
    json::ObjectWriter object(out);
    object.string("jsonrpc", "2.0").raw("id", id.empty() ? "null" : id).name("error");
    json::ObjectWriter(out).number("code", code).string("message", message).end();
    object.end();
    return out;
}

}  // namespace pgmind::app
