#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "integration/adapters/mcp/catalog.hpp"

namespace pgmind::integration::mcp::conformance {

// What the public MCP conformance suite calls: tools, prompts and resources whose names and answers
// it prescribes. Offered only with the setting mcp.conformance_fixtures, which is for tests.

ToolTable tools();
std::span<const Prompt> prompts();
std::span<const FixtureResource> resources();
std::string_view resource_templates();  ///< JSON objects, each with a comma before it
std::optional<std::string> read_resource(std::string_view uri);

// conformance_inputs.cpp: tools and a prompt that ask the client for something.
Task<std::optional<ProtocolError>> sampling(Call& call, const json::Object& arguments,
                                            ResultBody& result);
Task<std::optional<ProtocolError>> elicitation(Call& call, const json::Object& arguments,
                                               ResultBody& result);
Task<std::optional<ProtocolError>> elicitation_defaults(Call& call, const json::Object& arguments,
                                                        ResultBody& result);
Task<std::optional<ProtocolError>> elicitation_enums(Call& call, const json::Object& arguments,
                                                     ResultBody& result);
Task<std::optional<ProtocolError>> missing_capability(Call& call, const json::Object& arguments,
                                                      ResultBody& result);
Task<std::optional<ProtocolError>> input_elicitation(Call& call, const json::Object& arguments,
                                                     ResultBody& result);
Task<std::optional<ProtocolError>> input_sampling(Call& call, const json::Object& arguments,
                                                  ResultBody& result);
Task<std::optional<ProtocolError>> input_roots(Call& call, const json::Object& arguments,
                                               ResultBody& result);
Task<std::optional<ProtocolError>> input_with_state(Call& call, const json::Object& arguments,
                                                    ResultBody& result);
Task<std::optional<ProtocolError>> input_several(Call& call, const json::Object& arguments,
                                                 ResultBody& result);
Task<std::optional<ProtocolError>> input_rounds(Call& call, const json::Object& arguments,
                                                ResultBody& result);
Task<std::optional<ProtocolError>> input_capabilities(Call& call, const json::Object& arguments,
                                                      ResultBody& result);
Task<std::optional<ProtocolError>> input_prompt(Call& call, PromptValues values,
                                                ResultBody& result);

/// [{"type": "text", "text": text}] as the member content.
void write_text(ResultBody& result, std::string_view text);

inline constexpr std::string_view kPngOfOnePixel =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJg"
    "gg==";

}  // namespace pgmind::integration::mcp::conformance
