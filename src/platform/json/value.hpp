#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace pgmind::json {

/// How much of a text is looked at before it is refused.
struct ReadLimits {
    std::size_t bytes_max = std::size_t{16} * 1024 * 1024;
    std::size_t depth_max = 64;  ///< objects and arrays inside each other
};

/// Every number must be one that PostgreSQL's jsonb takes and writes out at a bearable length:
/// "1e131000" would be 9 bytes in and 131,001 bytes out.
inline constexpr std::size_t kNumberBytesMax = 1024;
inline constexpr std::size_t kExponentMax = 1024;
/// Digits that all exponents of one text may add when they are written out.
inline constexpr std::size_t kExpansionBytesMax = std::size_t{1024} * 1024;

enum class Kind { null, boolean, number, string, array, object };
std::string_view name_of(Kind kind);

/// A JSON value as the slice of a checked text that it stands in: nothing is copied or converted,
/// so what is stored is what was sent, digit for digit. Valid as long as that text is.
class Value {
  public:
    Kind kind() const;
    bool is_null() const { return text_.front() == 'n'; }
    /// The value as it was written, without blanks around it.
    std::string_view text() const { return text_; }

  private:
    friend class Splitter;
    explicit Value(std::string_view text) : text_(text) {}
    std::string_view text_;
};

/// Checks a whole text: strict JSON (RFC 8259) in well-formed UTF-8, nothing after the value, no
/// key twice in one object, no lone surrogate and no \u0000 (jsonb takes neither), the limits.
/// Errors are invalid_argument (payload_too_large for bytes_max, as JsonErrc) with line and column
/// in the detail and the path of the value at fault ("metadata.tags[3]") as the field.
Result<Value> parse(std::string_view text, const ReadLimits& limits);

enum class JsonErrc { invalid = 1, too_large };
std::error_code make_error_code(JsonErrc code);

struct Member {
    std::string name;
    Value value;
};

/// The members of an object, in the order written. `path` is where the object stands in the
/// caller's input, "" at the top.
class Object {
  public:
    /// invalid_argument, naming the path, when the value is not an object.
    static Result<Object> of(const Value& value, std::string path);

    const std::vector<Member>& members() const { return members_; }
    const Value* find(std::string_view name) const;
    const std::string& path() const { return path_; }
    std::string path_of(std::string_view name) const;

  private:
    std::vector<Member> members_;
    std::string path_;
};

/// parse() of a text whose value must be an object.
Result<Object> parse_object(std::string_view text, const ReadLimits& limits);

/// The elements of an array (empty when the value is none: ask kind() first).
std::vector<Value> elements(const Value& array);

/// The characters of a string value, escapes decoded (empty when the value is no string).
std::string decode_string(const Value& value);

/// `path` and the name or index of something inside it: "a" + "b" -> "a.b", "a" + 3 -> "a[3]".
/// Long names are cut.
std::string join_path(std::string_view path, std::string_view name);
std::string join_path(std::string_view path, std::size_t index);

}  // namespace pgmind::json

template <>
struct std::is_error_code_enum<pgmind::json::JsonErrc> : std::true_type {};
