// The two parsers without PostgreSQL: what the regression tests cannot reach through a server.

#include "parse.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "limits.hpp"

namespace {

using namespace pgmind;

int passed = 0;
int failed = 0;

void expect(bool condition, const char* what) {
    ++(condition ? passed : failed);
    if (!condition) {
        std::printf("FAILED: %s\n", what);
    }
}

struct TextCase {
    std::string_view text;
    ParseError error;
    int dimensions;
    std::size_t offset;
};

constexpr TextCase text_cases[] = {
    {"[1,2,3]", ParseError::none, 3, 0},
    {" [ +1 ,-2.5e1 ] ", ParseError::none, 2, 0},
    {"[1e-46,-1e-300]", ParseError::none, 2, 0},
    {"", ParseError::no_opening_bracket, 0, 0},
    {"  ", ParseError::no_opening_bracket, 0, 2},
    {"[]", ParseError::no_element, 0, 1},
    {"[", ParseError::unterminated, 0, 1},
    {"[1", ParseError::unterminated, 1, 2},
    {"[1,", ParseError::unterminated, 1, 3},
    {"[+", ParseError::malformed_number, 0, 1},
    {"[+-1]", ParseError::malformed_number, 0, 1},
    {"[x]", ParseError::malformed_number, 0, 1},
    {"[1 2]", ParseError::no_separator, 1, 3},
    {"[1]x", ParseError::trailing_junk, 1, 3},
    {"[1,2,3,4,5]", ParseError::too_many_elements, 4, 9},
    {"[nan]", ParseError::not_a_number, 0, 1},
    {"[1,-inf]", ParseError::infinite, 1, 3},
    {"[1e39]", ParseError::number_out_of_range, 0, 1},
    {"[-1e-400]", ParseError::number_out_of_range, 0, 1},
    // NUL ends nothing here: the length counts.
    {std::string_view("[1]\0", 4), ParseError::trailing_junk, 1, 3},
};

void test_text_cases() {
    for (const TextCase& at : text_cases) {
        std::array<float, 4> values{};
        const ParseOutcome outcome = parse_text(at.text, values);
        const std::string what = "text \"" + std::string(at.text) + "\"";
        expect(outcome.error == at.error, (what + ": error").c_str());
        expect(outcome.dimensions == at.dimensions, (what + ": dimensions").c_str());
        expect(outcome.offset == at.offset, (what + ": offset").c_str());
    }
}

void test_text_values() {
    std::array<float, 6> values{};
    const ParseOutcome outcome = parse_text("[0.1,16777217,-0,1e-45,3.4028235e38,+.5]", values);
    expect(outcome.error == ParseError::none && outcome.dimensions == 6, "values: parsed");
    expect(values[0] == 0.1F, "values: rounded to the nearest float");
    expect(values[1] == 16777216.0F, "values: ties to even, rounded once");
    expect(values[2] == 0 && std::signbit(values[2]), "values: minus zero");
    expect(values[3] == 1e-45F && values[3] > 0, "values: smallest subnormal");
    expect(values[4] == 3.4028235e38F, "values: largest float");
    expect(values[5] == 0.5F, "values: plus sign, no leading zero");
}

std::vector<std::byte> binary(std::initializer_list<int> bytes) {
    std::vector<std::byte> result;
    for (const int byte : bytes) {
        result.push_back(static_cast<std::byte>(byte));
    }
    return result;
}

void test_binary() {
    const auto header_error = [](std::initializer_list<int> bytes) {
        return parse_binary_header(binary(bytes)).error;
    };
    expect(header_error({}) == ParseError::header_too_short, "binary: empty");
    expect(header_error({0, 1, 0}) == ParseError::header_too_short, "binary: three bytes");
    expect(header_error({0, 0, 0, 0}) == ParseError::no_element, "binary: no dimension");
    expect(header_error({255, 255, 0, 0}) == ParseError::negative_dimensions, "binary: negative");
    expect(header_error({0x3E, 0x81, 0, 0}) == ParseError::too_many_elements, "binary: 16,001");
    expect(header_error({0, 1, 0, 1, 0, 0, 0, 0}) == ParseError::reserved_not_zero,
           "binary: reserved");
    expect(header_error({0, 1, 0, 0, 0, 0, 0}) == ParseError::length_mismatch, "binary: short");
    expect(header_error({0, 1, 0, 0, 0, 0, 0, 0, 0}) == ParseError::length_mismatch,
           "binary: long");

    const auto good = binary({0, 2, 0, 0, 0x3F, 0x80, 0, 0, 0xC0, 0, 0, 0});
    std::array<float, 2> values{};
    expect(parse_binary_header(good).error == ParseError::none, "binary: header accepted");
    expect(parse_binary_elements(good, values).error == ParseError::none && values[0] == 1.0F &&
               values[1] == -2.0F,
           "binary: values");
    const auto infinite = binary({0, 2, 0, 0, 0, 0, 0, 0, 0x7F, 0x80, 0, 0});
    const ParseOutcome outcome = parse_binary_elements(infinite, values);
    expect(outcome.error == ParseError::infinite && outcome.offset == 1, "binary: infinite");
}

void test_limits() {
    std::string text = "[0";
    for (int i = 1; i < dimensions_max; ++i) {
        text += ",1";
    }
    std::vector<float> values(dimensions_max);
    expect(count_text_elements(text + "]") == dimensions_max, "limit: counted");
    expect(parse_text(text + "]", values).error == ParseError::none, "limit: 16,000 fit");
    expect(parse_text(text + ",1]", values).error == ParseError::too_many_elements,
           "limit: 16,001 do not");
    // A number of any length is one number.
    const std::string zeros(100000, '0');
    std::array<float, 1> one{};
    expect(parse_text("[0." + zeros + "1]", one).error == ParseError::number_out_of_range,
           "limit: long fraction");
    expect(parse_text("[" + zeros + "2." + zeros + "]", one).error == ParseError::none &&
               one[0] == 2.0F,
           "limit: long number");
}

}  // namespace

int main() {
    test_text_cases();
    test_text_values();
    test_binary();
    test_limits();
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
