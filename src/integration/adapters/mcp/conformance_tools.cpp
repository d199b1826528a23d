#include <array>
#include <utility>

#include "base/embedded_file.hpp"
#include "integration/adapters/mcp/conformance.hpp"

namespace pgmind {
std::span<const EmbeddedFile> embedded_mcp_conformance_schemas();
}

namespace pgmind::integration::mcp::conformance {
namespace {

using Error = std::optional<ProtocolError>;
using Arguments = const json::Object&;

constexpr auto kPause = std::chrono::milliseconds(50);
// A header without samples: 8 kHz, mono, 8 bits.
constexpr std::string_view kEmptyWav =
    "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=";

Task<Error> simple_text(Call&, Arguments, ResultBody& result) {
    write_text(result, "This is a simple text response for testing.");
    co_return std::nullopt;
}

Task<Error> image(Call&, Arguments, ResultBody& result) {
    result.object.raw("content", R"([{"type":"image","mimeType":"image/png","data":")" +
                                     std::string(kPngOfOnePixel) + "\"}]");
    co_return std::nullopt;
}

Task<Error> audio(Call&, Arguments, ResultBody& result) {
    result.object.raw("content", R"([{"type":"audio","mimeType":"audio/wav","data":")" +
                                     std::string(kEmptyWav) + "\"}]");
    co_return std::nullopt;
}

Task<Error> embedded_resource(Call&, Arguments, ResultBody& result) {
    result.object.raw("content",
                      R"([{"type":"resource","resource":{"uri":"test://embedded-resource",)"
                      R"("mimeType":"text/plain",)"
                      R"("text":"This is an embedded resource content."}}])");
    co_return std::nullopt;
}

Task<Error> several_contents(Call&, Arguments, ResultBody& result) {
    result.object.raw("content", R"([{"type":"text","text":"Multiple content types test:"},)"
                                 R"({"type":"image","mimeType":"image/png","data":")" +
                                     std::string(kPngOfOnePixel) +
                                     R"("},{"type":"resource","resource":{)"
                                     R"("uri":"test://mixed-content-resource",)"
                                     R"("mimeType":"application/json",)"
                                     R"("text":"{\"test\":\"data\",\"value\":123}"}}])");
    co_return std::nullopt;
}

Task<Error> with_logging(Call& call, Arguments, ResultBody& result) {
    call.log(LogLevel::info, "fixture", "\"Tool execution started\"");
    co_await async::wait_for(kPause);
    call.log(LogLevel::info, "fixture", "\"Tool processing data\"");
    co_await async::wait_for(kPause);
    call.log(LogLevel::info, "fixture", "\"Tool execution completed\"");
    write_text(result, "Tool with logging executed successfully");
    co_return std::nullopt;
}

Task<Error> with_progress(Call& call, Arguments, ResultBody& result) {
    call.report_progress(0, 100, "");
    co_await async::wait_for(kPause);
    call.report_progress(50, 100, "");
    co_await async::wait_for(kPause);
    call.report_progress(100, 100, "");
    write_text(result, "Tool with progress executed successfully");
    co_return std::nullopt;
}

Task<Error> error_handling(Call&, Arguments, ResultBody& result) {
    write_text(result, "This tool intentionally returns an error for testing");
    result.object.boolean("isError", true);
    co_return std::nullopt;
}

Task<Error> reconnection(Call& call, Arguments, ResultBody& result) {
    call.interrupt();
    co_await async::wait_for(2 * kPause);
    write_text(result, "Reconnection test completed successfully");
    co_return std::nullopt;
}

Task<Error> echo_arguments(Call&, Arguments arguments, ResultBody& result) {
    write_text(result, std::to_string(arguments.members().size()) + " arguments");
    co_return std::nullopt;
}

constexpr Tool fixture(std::string_view name, std::string_view description,
                       RawToolHandler handler) {
    return {name, name, description, ToolEffect::reads, Permission::any_caller(), nullptr, handler};
}

constexpr std::array kTools = {
    fixture("test_simple_text", "Returns a text", simple_text),
    fixture("test_image_content", "Returns an image", image),
    fixture("test_audio_content", "Returns a sound", audio),
    fixture("test_embedded_resource", "Returns a resource", embedded_resource),
    fixture("test_multiple_content_types", "Returns several contents", several_contents),
    fixture("test_tool_with_logging", "Logs three messages", with_logging),
    fixture("test_logging_tool", "Logs three messages", with_logging),
    fixture("test_tool_with_progress", "Reports progress three times", with_progress),
    fixture("test_error_handling", "Returns an error", error_handling),
    fixture("test_reconnection", "Breaks the stream, then answers", reconnection),
    fixture("json_schema_2020_12_tool", "Has a schema with many keywords", echo_arguments),
    fixture("test_sampling", "Asks for sampling", sampling),
    fixture("test_elicitation", "Asks the user", elicitation),
    fixture("test_elicitation_sep1034_defaults", "Asks with defaults", elicitation_defaults),
    fixture("test_elicitation_sep1330_enums", "Asks with choices", elicitation_enums),
    fixture("test_missing_capability", "Needs sampling", missing_capability),
    fixture("test_streaming_elicitation", "Needs input", input_elicitation),
    fixture("test_input_required_result_elicitation", "Needs input", input_elicitation),
    fixture("test_input_required_result_sampling", "Needs sampling", input_sampling),
    fixture("test_input_required_result_list_roots", "Needs roots", input_roots),
    fixture("test_input_required_result_request_state", "Carries state", input_with_state),
    fixture("test_input_required_result_tampered_state", "Carries state", input_with_state),
    fixture("test_input_required_result_multiple_inputs", "Needs much", input_several),
    fixture("test_input_required_result_multi_round", "Needs input twice", input_rounds),
    fixture("test_input_required_result_capabilities", "Needs what it may", input_capabilities),
};

}  // namespace

void write_text(ResultBody& result, std::string_view text) {
    result.object.name("content");
    result.text += R"([{"type":"text","text":)";
    json::append_string(result.text, text);
    result.text += "}]";
}

ToolTable tools() {
    return {kTools, embedded_mcp_conformance_schemas().front().content, Schema::Unknown::ignore};
}

}  // namespace pgmind::integration::mcp::conformance
