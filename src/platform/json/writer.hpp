#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pgmind::json {

/// Appends `text` as a JSON string, quoted and escaped. Bytes that are not UTF-8 become U+FFFD, so
/// that the output is always valid.
void append_string(std::string& out, std::string_view text);
/// The shortest form that reads back as the same number; null when it is not finite.
void append_number(std::string& out, double number);
void append_number(std::string& out, float number);
void append_number(std::string& out, std::int64_t number);

/// Appends one object, member by member, to a text: no tree is built, and JSON that is already text
/// (raw) is spliced in as it is. end() closes it; member names are trusted to need no escapes.
class ObjectWriter {
  public:
    explicit ObjectWriter(std::string& out) : out_(out) { out_ += '{'; }

    ObjectWriter& string(std::string_view name, std::string_view text);
    ObjectWriter& number(std::string_view name, std::int64_t value);
    ObjectWriter& number(std::string_view name, double value);
    ObjectWriter& boolean(std::string_view name, bool value);
    ObjectWriter& null(std::string_view name);
    ObjectWriter& raw(std::string_view name, std::string_view json_text);
    ObjectWriter& strings(std::string_view name, const std::vector<std::string>& texts);
    ObjectWriter& floats(std::string_view name, const std::vector<float>& numbers);
    /// Writes the name; the caller appends the value to the same text.
    ObjectWriter& name(std::string_view name);
    void end() { out_ += '}'; }

  private:
    std::string& out_;
    bool first_ = true;
};

/// Appends an array; `each(item)` appends one element.
template <class Items, class Each>
void append_array(std::string& out, const Items& items, Each each) {
    out += '[';
    bool first = true;
    for (const auto& item : items) {
        if (!first) {
            out += ',';
        }
        first = false;
        each(item);
    }
    out += ']';
}

}  // namespace pgmind::json
