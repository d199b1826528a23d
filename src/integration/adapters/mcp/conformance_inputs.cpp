#include <algorithm>
#include <array>
#include <utility>

#include "integration/adapters/mcp/conformance.hpp"
#include "integration/adapters/mcp/errors.hpp"
#include "platform/crypto/crypto.hpp"
#include "platform/crypto/hmac_key.hpp"

namespace pgmind::integration::mcp::conformance {
namespace {

using Error = std::optional<ProtocolError>;
using Arguments = const json::Object&;

// What the client is asked for. A row of `inputRequests`.
struct Input {
    std::string_view key;
    std::string_view capability;
    std::string_view request;  ///< JSON
};

constexpr Input kName{
    "user_name", "elicitation",
    R"({"method":"elicitation/create","params":{"message":"What is your name?",)"
    R"("requestedSchema":{"type":"object","properties":{"name":{"type":"string"}},)"
    R"("required":["name"]}}})"};
constexpr Input kConfirm{
    "confirm", "elicitation",
    R"({"method":"elicitation/create","params":{"message":"Please confirm",)"
    R"("requestedSchema":{"type":"object","properties":{"ok":{"type":"boolean"}},)"
    R"("required":["ok"]}}})"};
constexpr Input kStepOne{
    "step1", "elicitation",
    R"({"method":"elicitation/create","params":{"message":"Step 1: What is your name?",)"
    R"("requestedSchema":{"type":"object","properties":{"name":{"type":"string"}},)"
    R"("required":["name"]}}})"};
constexpr Input kStepTwo{
    "step2", "elicitation",
    R"({"method":"elicitation/create","params":{)"
    R"("message":"Step 2: What is your favorite color?",)"
    R"("requestedSchema":{"type":"object","properties":{"color":{"type":"string"}},)"
    R"("required":["color"]}}})"};
constexpr Input kContext{
    "user_context", "elicitation",
    R"({"method":"elicitation/create","params":{)"
    R"("message":"What context should the prompt use?",)"
    R"("requestedSchema":{"type":"object","properties":{"context":{"type":"string"}},)"
    R"("required":["context"]}}})"};
constexpr Input kCapital{
    "capital_question", "sampling",
    R"({"method":"sampling/createMessage","params":{"messages":[{"role":"user","content":)"
    R"({"type":"text","text":"What is the capital of France?"}}],"maxTokens":100}})"};
constexpr Input kGreeting{
    "greeting", "sampling",
    R"({"method":"sampling/createMessage","params":{"messages":[{"role":"user","content":)"
    R"({"type":"text","text":"Generate a greeting"}}],"maxTokens":50}})"};
constexpr Input kRoots{"client_roots", "roots", R"({"method":"roots/list","params":{}})"};

bool declared(const Call& call, std::string_view capability) {
    const ClientCapabilities& capabilities = call.capabilities();
    return capability == "elicitation" ? capabilities.elicitation
           : capability == "sampling"  ? capabilities.sampling
                                       : capabilities.roots;
}

ProtocolError missing(std::string_view capability) {
    ProtocolError error{code::missing_client_capability,
                        "the client has not declared the capability " + std::string(capability),
                        CapabilityData{{std::string(capability)}}, 400};
    error.outcome = name_of(Failure::not_supported);
    return error;
}

// State travels through the client and comes back hostile: it is signed with a key of this process.
const crypto::HmacKey& state_key() {
    static const crypto::HmacKey key = [] {
        std::array<std::uint8_t, crypto::HmacKey::key_bytes_min> bytes{};
        crypto::fill_random(bytes);
        return crypto::HmacKey::from_bytes(bytes).value();
    }();
    return key;
}

std::string sign_state(std::string_view state) {
    return crypto::to_base64url(state) + "." + crypto::to_base64url(state_key().sign(state));
}

std::optional<std::string> open_state(std::string_view text) {
    const std::size_t dot = text.find('.');
    auto state = crypto::from_base64url(text.substr(0, dot));
    const std::string_view signature = dot == std::string_view::npos ? "" : text.substr(dot + 1);
    const auto given = crypto::from_base64url(signature);
    if (!state || !given || given->size() != sizeof(crypto::Digest)) {
        return std::nullopt;
    }
    crypto::Digest digest{};
    std::copy(given->begin(), given->end(), digest.begin());
    if (!crypto::equal(digest, state_key().sign(*state))) {
        return std::nullopt;
    }
    return state;
}

Error require_input(Call& call, ResultBody& result, const std::vector<Input>& inputs,
                    std::string_view state) {
    if (call.era() != Era::stateless) {
        return invalid_params("this fixture belongs to protocol version 2026-07-28");
    }
    result.object.name("inputRequests");
    json::ObjectWriter requests(result.text);
    for (const Input& input : inputs) {
        if (!declared(call, input.capability)) {
            return missing(input.capability);
        }
        requests.raw(input.key, input.request);
    }
    requests.end();
    if (!state.empty()) {
        result.object.string("requestState", sign_state(state));
    }
    call.input_required = true;
    return std::nullopt;
}

// The client's answer to an input, if it has one of the right shape.
std::optional<json::Object> answer_to(const Call& call, const Input& input) {
    const json::Value* responses = call.params().find("inputResponses");
    if (responses == nullptr || responses->kind() != json::Kind::object) {
        return std::nullopt;
    }
    const json::Object all = json::Object::of(*responses, "inputResponses").value();
    const json::Value* answer = all.find(input.key);
    if (answer == nullptr || answer->kind() != json::Kind::object) {
        return std::nullopt;
    }
    return json::Object::of(*answer, std::string(input.key)).value();
}

// nullopt: none was sent; an error: it was tampered with.
tl::expected<std::optional<std::string>, ProtocolError> state_of(const Call& call) {
    const json::Value* state = call.params().find("requestState");
    if (state == nullptr) {
        return std::nullopt;
    }
    auto opened = open_state(json::decode_string(*state));
    if (!opened) {
        return tl::unexpected<ProtocolError>(
            invalid_params("requestState is not one that this server gave out"));
    }
    return opened;
}

Task<Error> ask(Call& call, std::string capability, std::string method, std::string params,
                std::string label, ResultBody& result) {
    if (!declared(call, capability)) {
        write_text(result, "The client does not support " + capability);
        result.object.boolean("isError", true);
        co_return std::nullopt;
    }
    const auto answer = co_await call.ask_client(std::move(method), std::move(params));
    write_text(result, answer ? label + *answer : describe(answer.error()));
    result.object.boolean("isError", !answer.has_value());
    co_return std::nullopt;
}

std::string text_argument(Arguments arguments, std::string_view name) {
    const json::Value* value = arguments.find(name);
    return value == nullptr ? "\"\"" : std::string(value->text());
}

}  // namespace

Task<Error> sampling(Call& call, Arguments arguments, ResultBody& result) {
    std::string params = R"({"messages":[{"role":"user","content":{"type":"text","text":)" +
                         text_argument(arguments, "prompt") + R"(}}],"maxTokens":100})";
    auto error = co_await ask(call, "sampling", "sampling/createMessage", std::move(params),
                              "LLM response: ", result);
    co_return error;
}

Task<Error> elicitation(Call& call, Arguments arguments, ResultBody& result) {
    std::string params = R"({"message":)" + text_argument(arguments, "message") +
                         R"(,"requestedSchema":{"type":"object","properties":{)"
                         R"("username":{"type":"string","description":"User's response"},)"
                         R"("email":{"type":"string","description":"User's email address"}},)"
                         R"("required":["username","email"]}})";
    auto error = co_await ask(call, "elicitation", "elicitation/create", std::move(params),
                              "User response: ", result);
    co_return error;
}

Task<Error> elicitation_defaults(Call& call, Arguments, ResultBody& result) {
    std::string params = R"({"message":"Please review","requestedSchema":{"type":"object",)"
                         R"("properties":{"name":{"type":"string","default":"John Doe"},)"
                         R"("age":{"type":"integer","default":30},)"
                         R"("score":{"type":"number","default":95.5},)"
                         R"("status":{"type":"string","enum":["active","inactive","pending"],)"
                         R"("default":"active"},"verified":{"type":"boolean","default":true}},)"
                         R"("required":[]}})";
    auto error = co_await ask(call, "elicitation", "elicitation/create", std::move(params),
                              "Elicitation completed: ", result);
    co_return error;
}

Task<Error> elicitation_enums(Call& call, Arguments, ResultBody& result) {
    std::string params =
        R"({"message":"Please choose","requestedSchema":{"type":"object","properties":{)"
        R"("untitledSingle":{"type":"string","enum":["option1","option2","option3"]},)"
        R"("titledSingle":{"type":"string","oneOf":[{"const":"value1","title":"First Option"},)"
        R"({"const":"value2","title":"Second Option"}]},)"
        R"("legacyEnum":{"type":"string","enum":["opt1","opt2","opt3"],)"
        R"("enumNames":["Option One","Option Two","Option Three"]},)"
        R"("untitledMulti":{"type":"array","items":{"type":"string",)"
        R"("enum":["option1","option2","option3"]}},)"
        R"("titledMulti":{"type":"array","items":{"anyOf":[)"
        R"({"const":"value1","title":"First Choice"},)"
        R"({"const":"value2","title":"Second Choice"}]}}},"required":[]}})";
    auto error = co_await ask(call, "elicitation", "elicitation/create", std::move(params),
                              "Elicitation completed: ", result);
    co_return error;
}

Task<Error> missing_capability(Call& call, Arguments, ResultBody& result) {
    if (!declared(call, "sampling")) {
        co_return missing("sampling");
    }
    write_text(result, "The client has declared sampling");
    co_return std::nullopt;
}

Task<Error> input_elicitation(Call& call, Arguments, ResultBody& result) {
    const auto answer = answer_to(call, kName);
    const json::Value* content = answer ? answer->find("content") : nullptr;
    const bool filled_in = content != nullptr && content->kind() == json::Kind::object;
    const json::Object fields =
        filled_in ? json::Object::of(*content, "content").value() : json::Object();
    const json::Value* name = fields.find("name");
    if (name == nullptr) {
        co_return require_input(call, result, {kName}, "");
    }
    write_text(result, "Hello, " + json::decode_string(*name) + "!");
    co_return std::nullopt;
}

Task<Error> input_sampling(Call& call, Arguments, ResultBody& result) {
    const auto answer = answer_to(call, kCapital);
    const json::Value* content = answer ? answer->find("content") : nullptr;
    if (content == nullptr) {
        co_return require_input(call, result, {kCapital}, "");
    }
    write_text(result, content->text());
    co_return std::nullopt;
}

Task<Error> input_roots(Call& call, Arguments, ResultBody& result) {
    const auto answer = answer_to(call, kRoots);
    const json::Value* roots = answer ? answer->find("roots") : nullptr;
    if (roots == nullptr) {
        co_return require_input(call, result, {kRoots}, "");
    }
    write_text(result, roots->text());
    co_return std::nullopt;
}

Task<Error> input_with_state(Call& call, Arguments, ResultBody& result) {
    const auto state = state_of(call);
    if (!state) {
        co_return state.error();
    }
    if (!*state || !answer_to(call, kConfirm)) {
        co_return require_input(call, result, {kConfirm}, call.message().name);
    }
    if (**state != call.message().name) {
        co_return invalid_params("requestState belongs to another tool");
    }
    write_text(result, "state-ok");
    co_return std::nullopt;
}

Task<Error> input_several(Call& call, Arguments, ResultBody& result) {
    const auto state = state_of(call);
    if (!state) {
        co_return state.error();
    }
    if (!*state || !answer_to(call, kName) || !answer_to(call, kGreeting) ||
        !answer_to(call, kRoots)) {
        co_return require_input(call, result, {kName, kGreeting, kRoots}, "several");
    }
    write_text(result, "All inputs arrived");
    co_return std::nullopt;
}

Task<Error> input_rounds(Call& call, Arguments, ResultBody& result) {
    const auto state = state_of(call);
    if (!state) {
        co_return state.error();
    }
    const std::string round = state->value_or("");
    if (round == "round-2" && answer_to(call, kStepTwo)) {
        write_text(result, "Both steps are done");
        co_return std::nullopt;
    }
    if (round == "round-2" || (round == "round-1" && answer_to(call, kStepOne))) {
        co_return require_input(call, result, {kStepTwo}, "round-2");
    }
    co_return require_input(call, result, {kStepOne}, "round-1");
}

Task<Error> input_capabilities(Call& call, Arguments, ResultBody& result) {
    std::vector<Input> possible;
    for (const Input& input : {kName, kCapital, kRoots}) {
        if (declared(call, input.capability) && !answer_to(call, input)) {
            possible.push_back(input);
        }
    }
    if (!possible.empty()) {
        co_return require_input(call, result, possible, "");
    }
    write_text(result, "Nothing more is needed");
    co_return std::nullopt;
}

Task<Error> input_prompt(Call& call, PromptValues, ResultBody& result) {
    const auto answer = answer_to(call, kContext);
    const json::Value* content = answer ? answer->find("content") : nullptr;
    if (content == nullptr) {
        co_return require_input(call, result, {kContext}, "");
    }
    result.object.name("messages");
    result.text += R"([{"role":"user","content":{"type":"text","text":)";
    json::append_string(result.text, "Use this context: " + std::string(content->text()));
    result.text += "}}]";
    co_return std::nullopt;
}

}  // namespace pgmind::integration::mcp::conformance
