#include "integration/adapters/mcp/message.hpp"

#include <utility>

#include "platform/json/field_reader.hpp"
#include "platform/json/writer.hpp"

namespace pgmind::integration::mcp {
namespace {

constexpr std::string_view kVersionKey = "io.modelcontextprotocol/protocolVersion";
constexpr std::string_view kCapabilitiesKey = "io.modelcontextprotocol/clientCapabilities";
constexpr std::string_view kLogLevelKey = "io.modelcontextprotocol/logLevel";
constexpr std::size_t kIdBytesMax = 512;

ProtocolError refusal(int error_code, std::string message) {
    return ProtocolError{error_code, std::move(message), {}, 400};
}

// Ids and progress tokens: a string or a whole number.
bool is_token(const json::Value& value) {
    const bool number = value.kind() == json::Kind::number && json::to_integer(value).has_value();
    return (number || value.kind() == json::Kind::string) && value.text().size() <= kIdBytesMax;
}

std::optional<std::string> text_of(const json::Value* value) {
    if (value == nullptr || value->kind() != json::Kind::string) {
        return std::nullopt;
    }
    return json::decode_string(*value);
}

std::optional<ProtocolError> read_meta(const json::Object& params, RequestMeta& into) {
    const json::Value* value = params.find("_meta");
    if (value == nullptr) {
        return std::nullopt;
    }
    const auto meta = json::Object::of(*value, "params._meta");
    if (!meta) {
        return refusal(code::invalid_params, "params._meta must be an object");
    }
    if (const json::Value* version = meta->find(kVersionKey)) {
        into.claimed_version = text_of(version);
        if (!into.claimed_version) {
            return refusal(code::invalid_params,
                           "params._meta." + std::string(kVersionKey) + " must be a string");
        }
    }
    if (const json::Value* capabilities = meta->find(kCapabilitiesKey)) {
        into.has_client_capabilities = capabilities->kind() == json::Kind::object;
        into.capabilities = read_capabilities(*capabilities);
    }
    if (const json::Value* token = meta->find("progressToken")) {
        if (!is_token(*token)) {
            return refusal(code::invalid_params,
                           "params._meta.progressToken must be a string or a whole number");
        }
        into.progress_token = token->text();
    }
    if (const json::Value* level = meta->find(kLogLevelKey)) {
        into.log_level = parse_log_level(text_of(level).value_or(""));
        if (!into.log_level) {
            return refusal(code::invalid_params,
                           "params._meta." + std::string(kLogLevelKey) + " is no log level");
        }
    }
    return std::nullopt;
}

std::string_view mirrored_member(std::string_view method) {
    if (method == "tools/call" || method == "prompts/get") {
        return "name";
    }
    return method == "resources/read" ? "uri" : "";
}

std::optional<ProtocolError> read_call(const json::Object& object, Message& into) {
    const auto method = text_of(object.find("method"));
    if (!method || method->empty()) {
        return refusal(code::invalid_request, "method must be a string");
    }
    into.method = *method;
    into.kind = into.id.empty() ? MessageKind::notification : MessageKind::request;
    const json::Value* params = object.find("params");
    if (params == nullptr) {
        return std::nullopt;
    }
    auto read = json::Object::of(*params, "params");
    if (!read) {
        return refusal(code::invalid_request, "params must be an object");
    }
    into.params = std::move(*read);
    if (const std::string_view member = mirrored_member(into.method); !member.empty()) {
        const auto name = text_of(into.params->find(member));
        into.has_name = name.has_value();
        into.name = name.value_or("");
    }
    return read_meta(*into.params, into.meta);
}

std::optional<ProtocolError> read_response(const json::Object& object, Message& into) {
    const json::Value* result = object.find("result");
    const json::Value* error = object.find("error");
    if (into.id.empty() || (result == nullptr) == (error == nullptr)) {
        return refusal(code::invalid_request,
                       "a message has a method, or it has an id and a result or an error");
    }
    into.kind = MessageKind::response;
    into.result = result == nullptr ? "" : std::string(result->text());
    into.error = error == nullptr ? "" : std::string(error->text());
    return std::nullopt;
}

tl::expected<Message, Unreadable> read_message(const json::Value& value,
                                               std::shared_ptr<const std::string> text) {
    Message message;
    message.text = std::move(text);
    const auto refuse = [&](ProtocolError error) {
        return tl::unexpected<Unreadable>({std::move(error), message.id});
    };
    const auto object = json::Object::of(value, "");
    if (!object) {
        return refuse(refusal(code::invalid_request, "a message must be an object"));
    }
    if (const json::Value* id = object->find("id")) {
        if (!is_token(*id)) {
            return refuse(refusal(code::invalid_request, "id must be a string or a whole number"));
        }
        message.id = id->text();
    }
    if (text_of(object->find("jsonrpc")) != "2.0") {
        return refuse(refusal(code::invalid_request, "jsonrpc must be \"2.0\""));
    }
    const bool calls = object->find("method") != nullptr;
    auto error = calls ? read_call(*object, message) : read_response(*object, message);
    if (error) {
        return refuse(std::move(*error));
    }
    return message;
}

tl::expected<Incoming, Unreadable> read_batch(const json::Value& value,
                                              const std::shared_ptr<const std::string>& text) {
    Incoming incoming;
    incoming.batch = true;
    const std::vector<json::Value> elements = json::elements(value);
    if (elements.empty() || elements.size() > kBatchMessagesMax) {
        return tl::unexpected<Unreadable>(
            {refusal(code::invalid_request,
                     "a batch has from 1 to " + std::to_string(kBatchMessagesMax) + " messages"),
             ""});
    }
    for (const json::Value& element : elements) {
        auto message = read_message(element, text);
        if (!message) {
            return tl::unexpected<Unreadable>(std::move(message.error()));
        }
        incoming.messages.push_back(std::move(*message));
    }
    return incoming;
}

void append_strings_as_keys(std::string& out, const std::vector<std::string>& names) {
    json::ObjectWriter object(out);
    for (const std::string& name : names) {
        object.raw(name, "{}");
    }
    object.end();
}

void append_data(json::ObjectWriter& object, std::string& out, const ErrorData& data) {
    if (std::holds_alternative<std::monostate>(data)) {
        return;
    }
    object.name("data");
    json::ObjectWriter members(out);
    if (const auto* version = std::get_if<VersionData>(&data)) {
        const auto versions = stateless_versions();
        members.string("requested", version->requested)
            .strings("supported", {versions.begin(), versions.end()});
    } else if (const auto* capability = std::get_if<CapabilityData>(&data)) {
        members.name("requiredCapabilities");
        append_strings_as_keys(out, capability->required);
    } else if (const auto* uri = std::get_if<UriData>(&data)) {
        members.string("uri", uri->uri);
    } else if (const auto* field = std::get_if<FieldData>(&data)) {
        members.string("field", field->field);
    }
    members.end();
}

}  // namespace

ClientCapabilities read_capabilities(const json::Value& value) {
    ClientCapabilities capabilities;
    if (const auto object = json::Object::of(value, "")) {
        capabilities.elicitation = object->find("elicitation") != nullptr;
        capabilities.sampling = object->find("sampling") != nullptr;
        capabilities.roots = object->find("roots") != nullptr;
    }
    return capabilities;
}

MessageFacts Message::facts() const {
    MessageFacts facts;
    facts.kind = kind;
    facts.method = method;
    if (has_name) {
        facts.name = name;
    }
    if (meta.claimed_version) {
        facts.claimed_version = *meta.claimed_version;
    }
    facts.has_client_capabilities = meta.has_client_capabilities;
    return facts;
}

tl::expected<Incoming, Unreadable> parse_incoming(std::string text, std::size_t bytes_max) {
    const auto shared = std::make_shared<const std::string>(std::move(text));
    json::ReadLimits limits;
    limits.bytes_max = bytes_max;
    const auto value = json::parse(*shared, limits);
    if (!value) {
        const Error& error = value.error();
        const std::string place = error.field.empty() ? "" : error.field + ": ";
        return tl::unexpected<Unreadable>({refusal(code::parse_error, place + error.detail), ""});
    }
    if (value->kind() == json::Kind::array) {
        return read_batch(*value, shared);
    }
    auto message = read_message(*value, shared);
    if (!message) {
        return tl::unexpected<Unreadable>(std::move(message.error()));
    }
    Incoming incoming;
    incoming.messages.push_back(std::move(*message));
    return incoming;
}

std::string result_message(std::string_view id, std::string_view result) {
    std::string out;
    out.reserve(result.size() + id.size() + 40);
    json::ObjectWriter(out).raw("jsonrpc", "\"2.0\"").raw("id", id).raw("result", result).end();
    return out;
}

std::string error_message(std::string_view id, const ProtocolError& error) {
    std::string out;
    json::ObjectWriter object(out);
    object.raw("jsonrpc", "\"2.0\"");
    if (!id.empty()) {
        object.raw("id", id);
    }
    object.name("error");
    json::ObjectWriter members(out);
    members.number("code", static_cast<std::int64_t>(error.code)).string("message", error.message);
    append_data(members, out, error.data);
    members.end();
    object.end();
    return out;
}

std::string notification_message(std::string_view method, std::string_view params) {
    std::string out;
    json::ObjectWriter(out)
        .raw("jsonrpc", "\"2.0\"")
        .string("method", method)
        .raw("params", params)
        .end();
    return out;
}

std::string request_message(std::string_view id, std::string_view method, std::string_view params) {
    std::string out;
    json::ObjectWriter(out)
        .raw("jsonrpc", "\"2.0\"")
        .raw("id", id)
        .string("method", method)
        .raw("params", params)
        .end();
    return out;
}

}  // namespace pgmind::integration::mcp
