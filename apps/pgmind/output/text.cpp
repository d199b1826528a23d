#include "output/text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <iterator>

namespace pgmind::app {
namespace {

struct Range {
    char32_t first;
    char32_t last;
};

constexpr std::array kWide = {
    Range{0x1100, 0x115f},   Range{0x2e80, 0x303e},   Range{0x3041, 0xa4cf},
    Range{0xac00, 0xd7a3},   Range{0xf900, 0xfaff},   Range{0xfe30, 0xfe6f},
    Range{0xff00, 0xff60},   Range{0xffe0, 0xffe6},   Range{0x1f300, 0x1f64f},
    Range{0x1f680, 0x1f6ff}, Range{0x1f900, 0x1f9ff}, Range{0x20000, 0x3fffd},
};
constexpr std::array kNoWidth = {
    Range{0x0300, 0x036f}, Range{0x200b, 0x200d}, Range{0x20d0, 0x20ff},
    Range{0xfe00, 0xfe0f}, Range{0xfeff, 0xfeff},
};
// Marks that turn the direction of what follows.
constexpr std::array kReordering = {Range{0x200e, 0x200f}, Range{0x2028, 0x202e},
                                    Range{0x2066, 0x2069}};

template <std::size_t N>
bool is_in(const std::array<Range, N>& ranges, char32_t code) {
    return std::any_of(ranges.begin(), ranges.end(), [code](const Range& range) {
        return range.first <= code && code <= range.last;
    });
}

struct Character {
    char32_t code;
    std::size_t bytes;
};

// The first character of a text that is not empty. A byte that is not UTF-8 counts as one.
Character first_character(std::string_view text) {
    const auto byte = [&text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const std::size_t bytes = byte(0) < 0xc0 ? 1 : byte(0) < 0xe0 ? 2 : byte(0) < 0xf0 ? 3 : 4;
    if (byte(0) < 0x80) {
        return {byte(0), 1};
    }
    if (bytes == 1 || text.size() < bytes) {
        return {0xfffd, 1};
    }
    char32_t code = byte(0) & (0xffU >> (bytes + 1));
    for (std::size_t i = 1; i < bytes; ++i) {
        if ((byte(i) & 0xc0) != 0x80) {
            return {0xfffd, 1};
        }
        code = (code << 6) | (byte(i) & 0x3fU);
    }
    return {code, bytes};
}

std::size_t width_of(char32_t code) {
    if (is_in(kNoWidth, code)) {
        return 0;
    }
    return is_in(kWide, code) ? 2 : 1;
}

bool is_unsafe(char32_t code) {
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || is_in(kReordering, code);
}

std::string scaled(double value, const char* unit) {
    std::array<char, 48> text{};
    const char* format = value < 9.95 ? "%.1f %s" : "%.0f %s";
    const int size = std::snprintf(text.data(), text.size(), format, value, unit);
    return {text.data(), static_cast<std::size_t>(size)};
}

}  // namespace

std::string printable(std::string_view text) {
    std::string safe;
    safe.reserve(text.size());
    while (!text.empty()) {
        const Character character = first_character(text);
        if (is_unsafe(character.code)) {
            safe += ' ';
        } else if (character.code == 0xfffd && character.bytes == 1) {
            safe += "\xef\xbf\xbd";
        } else {
            safe += text.substr(0, character.bytes);
        }
        text.remove_prefix(character.bytes);
    }
    return safe;
}

std::size_t display_width(std::string_view text) {
    std::size_t width = 0;
    while (!text.empty()) {
        const Character character = first_character(text);
        width += width_of(character.code);
        text.remove_prefix(character.bytes);
    }
    return width;
}

std::string cut_to_width(std::string_view text, std::size_t width) {
    if (display_width(text) <= width) {
        return std::string(text);
    }
    std::size_t end = 0;
    std::size_t used = 0;
    while (end < text.size()) {
        const Character character = first_character(text.substr(end));
        used += width_of(character.code);
        if (used + 1 > width) {
            break;
        }
        end += character.bytes;
    }
    return std::string(text.substr(0, end)) + "…";
}

std::string human_bytes(std::int64_t bytes) {
    constexpr std::array kUnits = {"kB", "MB", "GB", "TB", "PB", "EB"};
    if (bytes < 1000) {
        return std::to_string(bytes) + " B";
    }
    double value = static_cast<double>(bytes) / 1000;
    std::size_t unit = 0;
    while (value >= 999.5 && unit + 1 < kUnits.size()) {
        value /= 1000;
        ++unit;
    }
    return scaled(value, kUnits[unit]);
}

std::string human_count(std::int64_t count) {
    std::string digits = std::to_string(count);
    for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > (count < 0 ? 1 : 0);
         at -= 3) {
        digits.insert(static_cast<std::size_t>(at), ",");
    }
    return digits;
}

std::string human_count(std::int64_t count, std::string_view one, std::string_view many) {
    return human_count(count) + " " + std::string(count == 1 ? one : many);
}

std::string human_duration(std::int64_t microseconds) {
    if (microseconds < 1000) {
        return std::to_string(microseconds) + " µs";
    }
    const double milliseconds = static_cast<double>(microseconds) / 1000;
    return milliseconds < 999.5 ? scaled(milliseconds, "ms") : scaled(milliseconds / 1000, "s");
}

std::string human_time(std::string_view rfc3339) {
    constexpr std::size_t kSeconds = 19;
    if (rfc3339.size() < kSeconds || rfc3339[10] != 'T') {
        return std::string(rfc3339);
    }
    std::string text(rfc3339.substr(0, kSeconds));
    text[10] = ' ';
    return text;
}

std::string fixed(double number, int digits) {
    std::array<char, 400> text{};
    const int size = std::snprintf(text.data(), text.size(), "%.*f", digits, number);
    return {text.data(), static_cast<std::size_t>(size)};
}

}  // namespace pgmind::app
