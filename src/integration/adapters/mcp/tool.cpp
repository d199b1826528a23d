#include "integration/adapters/mcp/tool.hpp"

#include <stdexcept>
#include <utility>

namespace pgmind::integration::mcp {
namespace {

// Without the blanks between tokens: the files are laid out for people.
std::string compact(std::string_view json_text) {
    std::string out;
    bool in_string = false;
    for (std::size_t i = 0; i < json_text.size(); ++i) {
        const char c = json_text[i];
        if (in_string && c == '\\') {
            out += c;
            out += json_text[++i];
            continue;
        }
        in_string = in_string != (c == '"');
        if (in_string || (c != ' ' && c != '\n')) {
            out += c;
        }
    }
    return out;
}

/// The schemas of one table.
class SchemaFile {
  public:
    explicit SchemaFile(std::string_view text)
        : text_(compact(text)), file_(json::parse_object(text_, json::ReadLimits{}).value()) {
        if (const json::Value* definitions = file_.find("definitions")) {
            definitions_ = json::Object::of(*definitions, "definitions").value();
        }
    }

    /// The schema of a tool with the definitions that it refers to; empty when there is none.
    std::string schema(std::string_view tool, std::string_view side) const {
        const json::Value* row = file_.find(tool);
        if (row == nullptr) {
            throw std::logic_error("no schemas of the tool " + std::string(tool));
        }
        const json::Object sides = json::Object::of(*row, std::string(tool)).value();
        const json::Value* schema = sides.find(side);
        return schema == nullptr ? "" : with_definitions(std::string(schema->text()));
    }

  private:
    std::string with_definitions(std::string schema) const {
        std::string all;
        std::string definitions = referred_to(schema);
        // Definitions refer to definitions, one level deep.
        definitions = referred_to(schema + definitions);
        if (!definitions.empty()) {
            schema.pop_back();
            schema += R"(,"$defs":{)" + definitions + "}}";
        }
        return schema;
    }

    std::string referred_to(const std::string& text) const {
        std::string out;
        for (const json::Member& member : definitions_.members()) {
            if (text.find("#/$defs/" + member.name + '"') == std::string::npos) {
                continue;
            }
            out += out.empty() ? "" : ",";
            json::append_string(out, member.name);
            out += ':';
            out += member.value.text();
        }
        return out;
    }

    std::string text_;
    json::Object file_;
    json::Object definitions_;
};

void append_annotations(std::string& out, const Tool& tool) {
    json::ObjectWriter object(out);
    object.string("title", tool.title).boolean("readOnlyHint", tool.effect == ToolEffect::reads);
    if (tool.effect != ToolEffect::reads) {
        object.boolean("destructiveHint", tool.effect != ToolEffect::adds);
    }
    // All of ours leave the same state behind when they are called again.
    object.boolean("idempotentHint", true).boolean("openWorldHint", false);
    object.end();
}

void append_tool(std::string& out, const Tool& tool, const std::string& input,
                 const std::string& output) {
    json::ObjectWriter object(out);
    object.string("name", tool.name)
        .string("title", tool.title)
        .string("description", tool.description)
        .raw("inputSchema", input);
    if (!output.empty()) {
        object.raw("outputSchema", output);
    }
    object.name("annotations");
    append_annotations(out, tool);
    object.end();
}

}  // namespace

ToolRegistry::ToolRegistry(const std::vector<ToolTable>& tables) {
    listing_ = "[";
    for (const ToolTable& table : tables) {
        const SchemaFile file(table.schemas);
        for (const Tool& tool : table.tools) {
            const std::string input = file.schema(tool.name, "input");
            const std::string output = file.schema(tool.name, "output");
            std::optional<Schema> output_schema;
            if (!output.empty()) {
                output_schema.emplace(Schema::compile(output, table.unknown_keywords).value());
            }
            entries_.push_back({&tool, Schema::compile(input, table.unknown_keywords).value(),
                                std::move(output_schema)});
            listing_ += listing_.size() > 1 ? "," : "";
            append_tool(listing_, tool, input, output);
        }
    }
    listing_ += "]";
}

const ToolRegistry::Entry* ToolRegistry::find(std::string_view name) const {
    for (const Entry& entry : entries_) {
        if (entry.tool->name == name) {
            return &entry;
        }
    }
    return nullptr;
}

}  // namespace pgmind::integration::mcp
