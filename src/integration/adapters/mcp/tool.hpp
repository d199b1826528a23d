#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "integration/adapters/mcp/call.hpp"
#include "integration/adapters/mcp/result_body.hpp"
#include "integration/adapters/mcp/schema.hpp"
#include "integration/adapters/permission.hpp"

namespace pgmind::integration::mcp {

/// A call of a tool whose arguments fit its schema and whose caller may do it.
struct ToolCall {
    Call& call;
    const json::Object& arguments;
    const Admission& admission;
};

struct ToolReply {
    std::string content;              ///< JSON text that fits the output schema
    std::string_view outcome = "ok";  ///< for the audit log: "not_found" is no failure here
    /// Namespaces that a read over all that is allowed has seen, for the audit log.
    std::vector<std::string> seen = {};
};

/// Does the work. An error becomes a result with isError, which the model reads.
using ToolHandler = Task<Result<ToolReply>> (*)(ToolCall tool);
/// Writes the whole result itself (of any content): the conformance fixtures.
using RawToolHandler = Task<std::optional<ProtocolError>> (*)(Call& call,
                                                              const json::Object& arguments,
                                                              ResultBody& result);

/// Hints for whoever asks a person before a tool runs.
enum class ToolEffect {
    reads,     ///< readOnlyHint
    adds,      ///< may create, destroys nothing; the same call again changes nothing more
    replaces,  ///< may overwrite
    destroys
};

/// A row of a table of tools. Without a permission it does not compile. Its input and output
/// schemas (JSON Schema 2020-12) stand under its name in the table's file of schemas.
struct Tool {
    std::string_view name;
    std::string_view title;
    std::string_view description;  ///< written for language models: when to use it, defaults
    ToolEffect effect;
    Permission permission;
    ToolHandler handle = nullptr;
    RawToolHandler handle_raw = nullptr;
};

/// A table of tools and the JSON text of their schemas: {"definitions": {NAME: schema},
/// TOOL: {"input": schema, "output": schema}}; "output" may be missing.
struct ToolTable {
    std::span<const Tool> tools;
    std::string_view schemas;
    Schema::Unknown unknown_keywords = Schema::Unknown::refuse;
};

/// The tools with their schemas ready for checking, in the order of the tables. Immutable.
class ToolRegistry {
  public:
    /// The tables outlive the registry. A schema that is missing or does not compile is a bug and
    /// throws.
    explicit ToolRegistry(const std::vector<ToolTable>& tables);

    struct Entry {
        const Tool* tool;
        Schema input;
        std::optional<Schema> output;
    };
    /// nullptr when there is none.
    const Entry* find(std::string_view name) const;
    const std::vector<Entry>& entries() const { return entries_; }
    /// The array `tools` of tools/list.
    const std::string& listing() const { return listing_; }

  private:
    std::vector<Entry> entries_;
    std::string listing_;
};

/// The real tools.
ToolTable memory_tools();

}  // namespace pgmind::integration::mcp
