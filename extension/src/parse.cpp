#include "parse.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>

#include "limits.hpp"

namespace pgmind {
namespace {

constexpr std::size_t binary_header_bytes = 4;

bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

// Walks over one text; holds nothing but positions.
struct Cursor {
    const char* begin;
    const char* at;
    const char* end;

    bool done() const { return at == end; }
    void skip_space() {
        while (at != end && is_space(*at)) {
            ++at;
        }
    }
    ParseOutcome fail(ParseError error, int dimensions) const {
        return {error, dimensions, static_cast<std::size_t>(at - begin), 0};
    }
};

ParseError check_finite(float value) {
    if (std::isnan(value)) {
        return ParseError::not_a_number;
    }
    return std::isinf(value) ? ParseError::infinite : ParseError::none;
}

// std::from_chars reports overflow and underflow alike; a double tells them apart.
ParseError round_tiny_to_zero(const char* first, const char* last, float& value) {
    double wide = 0;
    const auto [end, errc] = std::from_chars(first, last, wide);
    const bool is_tiny = errc == std::errc{} && std::fabs(wide) < 1;
    if (!is_tiny) {
        return ParseError::number_out_of_range;
    }
    value = static_cast<float>(wide);
    return ParseError::none;
}

// On success the cursor stands behind the number; otherwise on its first character.
ParseError parse_number(Cursor& cursor, float& value) {
    const char* first = cursor.at;
    // from_chars takes no plus sign, which PostgreSQL's own float4 does.
    if (*first == '+' && first + 1 != cursor.end && first[1] != '-') {
        ++first;
    }
    const auto [last, errc] = std::from_chars(first, cursor.end, value);
    if (errc == std::errc::invalid_argument) {
        return ParseError::malformed_number;
    }
    ParseError error = ParseError::none;
    if (errc == std::errc::result_out_of_range) {
        error = round_tiny_to_zero(first, last, value);
    } else {
        error = check_finite(value);
    }
    if (error == ParseError::none) {
        cursor.at = last;
    }
    return error;
}

ParseOutcome finish_text(Cursor& cursor, int dimensions) {
    cursor.skip_space();
    if (!cursor.done()) {
        return cursor.fail(ParseError::trailing_junk, dimensions);
    }
    return {ParseError::none, dimensions, 0, 0};
}

std::uint32_t read_big_endian(const std::byte* bytes, int count) {
    std::uint32_t value = 0;
    for (int i = 0; i < count; ++i) {
        value = value << 8 | std::to_integer<std::uint32_t>(bytes[i]);
    }
    return value;
}

}  // namespace

std::size_t count_text_elements(std::string_view text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), ',')) + 1;
}

ParseOutcome parse_text(std::string_view text, std::span<float> out) {
    Cursor cursor{text.data(), text.data(), text.data() + text.size()};
    cursor.skip_space();
    if (cursor.done() || *cursor.at != '[') {
        return cursor.fail(ParseError::no_opening_bracket, 0);
    }
    ++cursor.at;
    cursor.skip_space();
    if (!cursor.done() && *cursor.at == ']') {
        return cursor.fail(ParseError::no_element, 0);
    }
    for (int dimensions = 0;;) {
        cursor.skip_space();
        if (cursor.done()) {
            return cursor.fail(ParseError::unterminated, dimensions);
        }
        if (static_cast<std::size_t>(dimensions) == out.size()) {
            return cursor.fail(ParseError::too_many_elements, dimensions);
        }
        const ParseError error = parse_number(cursor, out[dimensions]);
        if (error != ParseError::none) {
            return cursor.fail(error, dimensions);
        }
        ++dimensions;
        cursor.skip_space();
        if (cursor.done()) {
            return cursor.fail(ParseError::unterminated, dimensions);
        }
        const char separator = *cursor.at;
        if (separator != ',' && separator != ']') {
            return cursor.fail(ParseError::no_separator, dimensions);
        }
        ++cursor.at;
        if (separator == ']') {
            return finish_text(cursor, dimensions);
        }
    }
}

ParseOutcome parse_binary_header(std::span<const std::byte> input) {
    if (input.size() < binary_header_bytes) {
        return {ParseError::header_too_short, 0, input.size(), 0};
    }
    const int dimensions = static_cast<std::int16_t>(read_big_endian(input.data(), 2));
    const int reserved = static_cast<std::int16_t>(read_big_endian(input.data() + 2, 2));
    ParseOutcome outcome{ParseError::none, dimensions, 0, reserved};
    if (dimensions < 0) {
        outcome.error = ParseError::negative_dimensions;
    } else if (dimensions == 0) {
        outcome.error = ParseError::no_element;
    } else if (dimensions > dimensions_max) {
        outcome.error = ParseError::too_many_elements;
    } else if (reserved != 0) {
        outcome.error = ParseError::reserved_not_zero;
    } else if (input.size() != binary_header_bytes + sizeof(float) * dimensions) {
        outcome.error = ParseError::length_mismatch;
    }
    return outcome;
}

ParseOutcome parse_binary_elements(std::span<const std::byte> input, std::span<float> out) {
    const std::byte* bytes = input.data() + binary_header_bytes;
    const int dimensions = static_cast<int>(out.size());
    for (int i = 0; i < dimensions; ++i, bytes += sizeof(float)) {
        out[i] = std::bit_cast<float>(read_big_endian(bytes, 4));
        const ParseError error = check_finite(out[i]);
        if (error != ParseError::none) {
            return {error, dimensions, static_cast<std::size_t>(i), 0};
        }
    }
    return {ParseError::none, dimensions, 0, 0};
}

}  // namespace pgmind
