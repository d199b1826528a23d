#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace pgmind {

// Why an input is no vector. Pure data: the caller chooses SQLSTATE and words.
enum class ParseError : std::uint8_t {
    none,
    no_opening_bracket,
    no_element,        // "[]", or a binary value of zero dimensions
    malformed_number,  // no number where one must stand
    number_out_of_range,
    not_a_number,
    infinite,
    no_separator,   // neither ',' nor ']' after a number
    unterminated,   // the text ends inside the brackets
    trailing_junk,  // something follows the closing bracket
    too_many_elements,
    negative_dimensions,  // binary only, as are the following
    header_too_short,
    reserved_not_zero,
    length_mismatch,
};

struct ParseOutcome {
    ParseError error = ParseError::none;
    // Elements written (text), or the number that the header claims (binary).
    int dimensions = 0;
    // Byte of the input at which the error was found; for a bad binary element, its index.
    std::size_t offset = 0;
    // The header's reserved field (binary only).
    int reserved = 0;
};

// An upper bound of the elements of `text`, exact for every well-formed one. Lets the caller
// allocate once and exactly.
std::size_t count_text_elements(std::string_view text);

// Reads "[1, 2.5, -3e-2]" into `out`, which limits the number of elements. White space may stand
// around every element. Numbers are decimal, independent of locale, rounded once to float;
// a number too small for a float but not for a double becomes zero, since clients print doubles.
// Allocates nothing, throws nothing; reentrant.
ParseOutcome parse_text(std::string_view text, std::span<float> out);

// The header of the binary format: int16 dimensions, int16 reserved (0), then one big-endian
// float4 per dimension. Checks the header and the total length.
ParseOutcome parse_binary_header(std::span<const std::byte> input);

// The elements behind a header that parse_binary_header accepted; `out` holds exactly its
// dimensions.
ParseOutcome parse_binary_elements(std::span<const std::byte> input, std::span<float> out);

}  // namespace pgmind
