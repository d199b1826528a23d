// Cursors as clients send them back. A cursor that is read is exactly what would be written for its
// position, and it belongs to one question only.
#include <cstdlib>

#include "memory/domain/cursor.hpp"

namespace {

using namespace pgmind;
using namespace pgmind::memory;

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

void try_cursor(std::uint64_t fingerprint, std::string_view text) {
    const auto position = decode_cursor(fingerprint, text);
    if (!position) {
        require(position.error().field == "cursor");
        return;
    }
    require(encode_cursor(fingerprint, *position) == text);
    require(!decode_cursor(fingerprint + 1, text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    constexpr std::uint64_t kFingerprint = 0x0123456789abcdef;
    try_cursor(kFingerprint, text);
    // What a writer makes of any position is read as that position.
    Position position;
    position.name = std::string(text.substr(0, 512));
    const std::string written = encode_cursor(kFingerprint, position);
    try_cursor(kFingerprint, written);
    return 0;
}
