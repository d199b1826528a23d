#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/json/value.hpp"

namespace pgmind::app {

/// Looks into a JSON text that was checked before, without failing: what is missing, null or of
/// another kind reads as empty. For answers of a server, which may be newer than this program.
/// Valid as long as the text is.
class JsonNode {
  public:
    JsonNode() = default;
    explicit JsonNode(json::Value value) : value_(value) {}

    /// Neither missing nor null.
    explicit operator bool() const { return value_ && !value_->is_null(); }
    JsonNode operator[](std::string_view name) const;
    /// The elements of an array.
    std::vector<JsonNode> items() const;
    /// The members of an object, in the order written.
    std::vector<std::pair<std::string, JsonNode>> members() const;

    /// A string's characters; any other value as it was written.
    std::string text() const;
    /// The value as it was written; "null" when missing.
    std::string_view raw() const { return value_ ? value_->text() : std::string_view("null"); }
    bool is_string() const { return value_ && value_->kind() == json::Kind::string; }
    std::int64_t integer() const;
    double number() const;
    bool truth() const { return raw() == "true"; }

  private:
    std::optional<json::Value> value_;
};

/// The limits within which answers of a server, and what a person gives to send, are read.
inline constexpr json::ReadLimits kJsonLimits{64 * 1024 * 1024, 256};

}  // namespace pgmind::app
