#include "security/domain/audit_rules.hpp"

#include <cstdint>

#include "base/text.hpp"

namespace pgmind::security {
namespace {

bool is_control(char c) {
    return static_cast<std::uint8_t>(c) < 0x20 || c == 0x7f;
}

bool is_plain(std::string_view text) {
    for (const char c : text) {
        if (is_control(c)) {
            return false;
        }
    }
    return is_utf8(text);
}

void append_escaped(std::string& into, char c) {
    static constexpr char kHex[] = "0123456789abcdef";
    const auto byte = static_cast<std::uint8_t>(c);
    into += "\\x";
    into += kHex[byte >> 4];
    into += kHex[byte & 0x0f];
}

}  // namespace

std::string audit_text(std::string_view text, std::size_t bytes_max) {
    if (text.size() <= bytes_max && is_plain(text)) {
        return std::string(text);
    }
    // Cut first, so that the work is bounded; escapes make it longer, so it is cut again.
    const bool letters = is_utf8(text);
    std::string escaped;
    for (const char c : letters ? truncate_utf8(text, bytes_max) : text.substr(0, bytes_max)) {
        const bool ascii = static_cast<std::uint8_t>(c) < 0x80;
        if (is_control(c) || (!ascii && !letters)) {
            append_escaped(escaped, c);
        } else {
            escaped += c;
        }
    }
    return std::string(truncate_utf8(escaped, bytes_max));
}

}  // namespace pgmind::security
