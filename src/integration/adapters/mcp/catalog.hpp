#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "integration/adapters/mcp/tool.hpp"

namespace pgmind::integration::mcp {

struct PromptArgument {
    std::string_view name;
    std::string_view description;
    bool required = false;
};

/// Values by argument name; arguments that were not given are empty.
class PromptValues {
  public:
    void set(std::string name, std::string value) { values_.emplace_back(name, value); }
    std::string_view get(std::string_view name) const {
        for (const auto& [known, value] : values_) {
            if (known == name) {
                return value;
            }
        }
        return "";
    }

  private:
    std::vector<std::pair<std::string, std::string>> values_;
};

/// Writes description and messages.
using PromptHandler = Task<std::optional<ProtocolError>> (*)(Call& call, PromptValues values,
                                                             ResultBody& result);

struct Prompt {
    std::string_view name;
    std::string_view title;
    std::string_view description;
    std::span<const PromptArgument> arguments;
    PromptHandler handle;
};

/// A resource that is neither memory nor cluster: the conformance fixtures.
struct FixtureResource {
    std::string_view uri;
    std::string_view name;
    std::string_view description;
    std::string_view mime_type;
};

/// What a server offers: the real tools and prompts, and the fixtures where they are wanted.
/// Immutable; one for a worker.
struct Catalog {
    explicit Catalog(bool with_conformance_fixtures);

    ToolRegistry tools;
    std::vector<const Prompt*> prompts;
    std::span<const FixtureResource> fixture_resources;
    std::string fixture_templates;  ///< JSON objects, each with a comma before it
    /// The contents of a fixture as a JSON object; nullopt when the URI is none.
    std::optional<std::string> (*read_fixture)(std::string_view uri) = nullptr;
};

std::span<const Prompt> memory_prompts();

}  // namespace pgmind::integration::mcp
