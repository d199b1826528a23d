#include "platform/json/writer.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include "base/text.hpp"

namespace pgmind::json {
namespace {

constexpr char kHex[] = "0123456789abcdef";

void append_escaped(std::string& out, char c) {
    switch (c) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        default:
            out += "\\u00";
            out += kHex[static_cast<unsigned char>(c) >> 4];
            out += kHex[static_cast<unsigned char>(c) & 0x0f];
    }
}

bool needs_escape(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

// The well-formed characters of `text`, each byte that belongs to none replaced by U+FFFD.
std::string repaired(std::string_view text) {
    std::string valid;
    while (!text.empty()) {
        std::size_t length = 1;
        while (length <= 4 && length <= text.size() && !is_utf8(text.substr(0, length))) {
            ++length;
        }
        const bool found = length <= 4 && length <= text.size();
        valid += found ? text.substr(0, length) : std::string_view("\xef\xbf\xbd");
        text.remove_prefix(found ? length : 1);
    }
    return valid;
}

template <class Number>
void append_shortest(std::string& out, Number number) {
    std::array<char, 40> digits;
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    out.append(digits.data(), end);
}

}  // namespace

void append_string(std::string& out, std::string_view text) {
    if (!is_utf8(text)) {
        append_string(out, repaired(text));
        return;
    }
    out += '"';
    std::size_t begin = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (needs_escape(text[i])) {
            out.append(text, begin, i - begin);
            append_escaped(out, text[i]);
            begin = i + 1;
        }
    }
    out.append(text, begin);
    out += '"';
}

void append_number(std::string& out, double number) {
    if (std::isfinite(number)) {
        append_shortest(out, number);
    } else {
        out += "null";
    }
}

void append_number(std::string& out, float number) {
    if (std::isfinite(number)) {
        append_shortest(out, number);
    } else {
        out += "null";
    }
}

void append_number(std::string& out, std::int64_t number) {
    append_shortest(out, number);
}

ObjectWriter& ObjectWriter::name(std::string_view name) {
    if (!first_) {
        out_ += ',';
    }
    first_ = false;
    out_ += '"';
    out_ += name;
    out_ += "\":";
    return *this;
}

ObjectWriter& ObjectWriter::string(std::string_view name_text, std::string_view text) {
    name(name_text);
    append_string(out_, text);
    return *this;
}

ObjectWriter& ObjectWriter::number(std::string_view name_text, std::int64_t value) {
    name(name_text);
    append_number(out_, value);
    return *this;
}

ObjectWriter& ObjectWriter::number(std::string_view name_text, double value) {
    name(name_text);
    append_number(out_, value);
    return *this;
}

ObjectWriter& ObjectWriter::boolean(std::string_view name_text, bool value) {
    name(name_text);
    out_ += value ? "true" : "false";
    return *this;
}

ObjectWriter& ObjectWriter::null(std::string_view name_text) {
    return raw(name_text, "null");
}

ObjectWriter& ObjectWriter::raw(std::string_view name_text, std::string_view json_text) {
    name(name_text);
    out_ += json_text;
    return *this;
}

ObjectWriter& ObjectWriter::strings(std::string_view name_text,
                                    const std::vector<std::string>& texts) {
    name(name_text);
    append_array(out_, texts, [this](const std::string& text) { append_string(out_, text); });
    return *this;
}

ObjectWriter& ObjectWriter::floats(std::string_view name_text, const std::vector<float>& numbers) {
    name(name_text);
    append_array(out_, numbers, [this](float number) { append_number(out_, number); });
    return *this;
}

}  // namespace pgmind::json
