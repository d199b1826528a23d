#include <array>

#include "integration/adapters/mcp/conformance.hpp"

namespace pgmind::integration::mcp::conformance {
namespace {

constexpr std::string_view kTemplateBegin = "test://template/";
constexpr std::string_view kTemplateEnd = "/data";

constexpr std::array kResources = {
    FixtureResource{"test://static-text", "Static text", "A text that never changes", "text/plain"},
    FixtureResource{"test://static-binary", "Static binary", "An image that never changes",
                    "image/png"},
    FixtureResource{"test://watched-resource", "Watched resource", "Can be subscribed to",
                    "text/plain"},
};

Task<std::optional<ProtocolError>> simple_prompt(Call&, PromptValues, ResultBody& result) {
    result.object.raw("messages", R"([{"role":"user","content":{"type":"text",)"
                                  R"("text":"This is a simple prompt for testing."}}])");
    co_return std::nullopt;
}

Task<std::optional<ProtocolError>> prompt_with_arguments(Call&, PromptValues values,
                                                         ResultBody& result) {
    const std::string text = "Prompt with arguments: arg1='" + std::string(values.get("arg1")) +
                             "', arg2='" + std::string(values.get("arg2")) + "'";
    result.object.name("messages");
    result.text += R"([{"role":"user","content":{"type":"text","text":)";
    json::append_string(result.text, text);
    result.text += "}}]";
    co_return std::nullopt;
}

Task<std::optional<ProtocolError>> prompt_with_resource(Call&, PromptValues values,
                                                        ResultBody& result) {
    result.object.name("messages");
    result.text += R"([{"role":"user","content":{"type":"resource","resource":)";
    json::ObjectWriter(result.text)
        .string("uri", values.get("resourceUri"))
        .string("mimeType", "text/plain")
        .string("text", "Embedded resource content for testing.")
        .end();
    result.text += R"(}},{"role":"user","content":{"type":"text",)"
                   R"("text":"Please process the embedded resource above."}}])";
    co_return std::nullopt;
}

Task<std::optional<ProtocolError>> prompt_with_image(Call&, PromptValues, ResultBody& result) {
    result.object.raw("messages",
                      R"([{"role":"user","content":{"type":"image","mimeType":"image/png",)"
                      R"("data":")" +
                          std::string(kPngOfOnePixel) +
                          R"("}},{"role":"user","content":{"type":"text",)"
                          R"("text":"Please analyze the image above."}}])");
    co_return std::nullopt;
}

constexpr std::array kTwoArguments = {
    PromptArgument{"arg1", "First test argument", true},
    PromptArgument{"arg2", "Second test argument", true},
};
constexpr std::array kUriArgument = {
    PromptArgument{"resourceUri", "URI of the resource to embed", true},
};
constexpr std::array kPrompts = {
    Prompt{"test_simple_prompt", "Simple", "A prompt without arguments", {}, simple_prompt},
    Prompt{"test_prompt_with_arguments", "Arguments", "A prompt with arguments", kTwoArguments,
           prompt_with_arguments},
    Prompt{"test_prompt_with_embedded_resource", "Resource", "A prompt with a resource",
           kUriArgument, prompt_with_resource},
    Prompt{"test_prompt_with_image", "Image", "A prompt with an image", {}, prompt_with_image},
    Prompt{"test_input_required_result_prompt",
           "Input",
           "A prompt that needs input",
           {},
           input_prompt},
};

std::string text_contents(std::string_view uri, std::string_view mime_type, std::string_view text) {
    std::string contents;
    json::ObjectWriter(contents)
        .string("uri", uri)
        .string("mimeType", mime_type)
        .string("text", text)
        .end();
    return contents;
}

}  // namespace

std::span<const Prompt> prompts() {
    return kPrompts;
}

std::span<const FixtureResource> resources() {
    return kResources;
}

std::string_view resource_templates() {
    return R"(,{"uriTemplate":"test://template/{id}/data","name":"template",)"
           R"("description":"A resource with a parameter","mimeType":"application/json"})";
}

std::optional<std::string> read_resource(std::string_view uri) {
    if (uri == "test://static-text") {
        return text_contents(uri, "text/plain", "This is the content of the static text resource.");
    }
    if (uri == "test://watched-resource") {
        return text_contents(uri, "text/plain", "This resource can be watched.");
    }
    if (uri == "test://static-binary") {
        std::string contents;
        json::ObjectWriter(contents)
            .string("uri", uri)
            .string("mimeType", "image/png")
            .string("blob", kPngOfOnePixel)
            .end();
        return contents;
    }
    if (uri.starts_with(kTemplateBegin) && uri.ends_with(kTemplateEnd) &&
        uri.size() > kTemplateBegin.size() + kTemplateEnd.size()) {
        const std::string_view id = uri.substr(
            kTemplateBegin.size(), uri.size() - kTemplateBegin.size() - kTemplateEnd.size());
        std::string text;
        json::ObjectWriter(text)
            .string("id", id)
            .boolean("templateTest", true)
            .string("data", "Data for ID: " + std::string(id))
            .end();
        return text_contents(uri, "application/json", text);
    }
    return std::nullopt;
}

}  // namespace pgmind::integration::mcp::conformance
