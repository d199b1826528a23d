#include "base/text.hpp"

#include <cstdint>

namespace pgmind {
namespace {

// Length of the well-formed UTF-8 character at `text[at]`, 0 when there is none (RFC 3629, table of
// section 4).
std::size_t character_length(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const auto tail = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xc0) == 0x80; };
    const std::uint8_t first = byte(at);
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xc2 && first <= 0xdf) {
        return tail(at + 1) ? 2 : 0;
    }
    if (first >= 0xe0 && first <= 0xef) {
        if (!tail(at + 1) || !tail(at + 2)) {
            return 0;
        }
        const bool overlong = first == 0xe0 && byte(at + 1) < 0xa0;
        const bool surrogate = first == 0xed && byte(at + 1) > 0x9f;
        return overlong || surrogate ? 0 : 3;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        if (!tail(at + 1) || !tail(at + 2) || !tail(at + 3)) {
            return 0;
        }
        const bool overlong = first == 0xf0 && byte(at + 1) < 0x90;
        const bool too_large = first == 0xf4 && byte(at + 1) > 0x8f;
        return overlong || too_large ? 0 : 4;
    }
    return 0;
}

}  // namespace

bool is_utf8(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t length = character_length(text, at);
        if (length == 0) {
            return false;
        }
        at += length;
    }
    return true;
}

bool matches_pattern(std::string_view pattern, std::string_view text) {
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = std::string_view::npos;
    std::size_t star_text = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            star_text = t;
        } else if (p < pattern.size() && pattern[p] == text[t]) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++star_text;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') {
        ++p;
    }
    return p == pattern.size();
}

std::string_view truncate_utf8(std::string_view text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) {
        return text;
    }
    std::size_t end = bytes_max;
    while (end > 0 && (static_cast<std::uint8_t>(text[end]) & 0xc0) == 0x80) {
        --end;
    }
    return text.substr(0, end);
}

}  // namespace pgmind
