// libFuzzer target of both parsers. The first byte of an input chooses the parser and, for text,
// the room for elements. Beyond memory errors it checks what the callers rely on: every accepted
// vector holds finite values, fits its room, and an error's offset lies within the input.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "limits.hpp"
#include "parse.hpp"

namespace {

using namespace pgmind;

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

void require_finite(std::span<const float> values) {
    for (const float value : values) {
        require(std::isfinite(value));
    }
}

void fuzz_text(std::string_view text, bool is_exact_room) {
    const std::size_t elements = count_text_elements(text);
    const std::size_t room = is_exact_room ? elements : elements / 2;
    // On the heap and of this very size, so that AddressSanitizer sees one float too many.
    const std::unique_ptr<float[]> values(new float[room]);
    const ParseOutcome outcome = parse_text(text, {values.get(), room});
    require(outcome.dimensions >= 0 && static_cast<std::size_t>(outcome.dimensions) <= room);
    require(outcome.offset <= text.size());
    if (outcome.error == ParseError::none) {
        require(outcome.dimensions >= 1);
        // ruvector_in allocates by the count and trusts it.
        require(static_cast<std::size_t>(outcome.dimensions) == elements);
        require_finite({values.get(), elements});
    } else if (is_exact_room) {
        require(outcome.error != ParseError::too_many_elements);
    }
}

void fuzz_binary(std::span<const std::byte> input) {
    const ParseOutcome header = parse_binary_header(input);
    if (header.error != ParseError::none) {
        return;
    }
    const auto dimensions = static_cast<std::size_t>(header.dimensions);
    require(dimensions >= 1 && dimensions <= dimensions_max);
    const std::unique_ptr<float[]> values(new float[dimensions]);
    const ParseOutcome outcome = parse_binary_elements(input, {values.get(), dimensions});
    if (outcome.error == ParseError::none) {
        require_finite({values.get(), dimensions});
    } else {
        require(outcome.offset < dimensions);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::uint8_t choice = data[0];
    // A copy of exactly this size: the parsers take no terminator.
    const std::unique_ptr<char[]> input(new char[size - 1]);
    std::copy(data + 1, data + size, input.get());
    if (choice % 3 == 0) {
        fuzz_binary({reinterpret_cast<const std::byte*>(input.get()), size - 1});
    } else {
        fuzz_text({input.get(), size - 1}, choice % 3 == 1);
    }
    return 0;
}
