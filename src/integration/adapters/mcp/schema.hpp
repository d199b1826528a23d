#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "platform/json/value.hpp"

namespace pgmind::integration::mcp {

/// A JSON Schema (2020-12) made ready for checking. It knows the keywords that the tools' schemas
/// use: type, enum, const, required, properties, additionalProperties, items, minimum, maximum,
/// minLength, maxLength, minItems, maxItems, $defs and $ref to "#/$defs/NAME"; annotations
/// (description, title, default, examples, format) are passed over. Immutable once made.
class Schema {
  public:
    enum class Unknown { refuse, ignore };
    /// invalid_argument on a text that is no schema, or (refuse) uses a keyword that is not known:
    /// a schema must not promise a check that nobody makes.
    static Result<Schema> compile(std::string_view text, Unknown unknown);
    Schema(Schema&&) noexcept;
    Schema& operator=(Schema&&) noexcept;
    ~Schema();

    /// invalid_argument that names the place ("filter.limit") and the rule that it breaks. `path`
    /// is where the value stands, empty at the top.
    Result<void> check(const json::Value& value, const std::string& path) const;

  private:
    struct Node;
    struct Compiler;
    explicit Schema(std::unique_ptr<Node> root,
                    std::vector<std::pair<std::string, std::unique_ptr<Node>>> definitions);

    Result<void> check_node(const Node& node, const json::Value& value,
                            const std::string& path) const;
    Result<void> check_object(const Node& node, const json::Value& value,
                              const std::string& path) const;
    Result<void> check_array(const Node& node, const json::Value& value,
                             const std::string& path) const;
    const Node* definition(std::string_view name) const;

    std::unique_ptr<Node> root_;
    std::vector<std::pair<std::string, std::unique_ptr<Node>>> definitions_;
};

}  // namespace pgmind::integration::mcp
