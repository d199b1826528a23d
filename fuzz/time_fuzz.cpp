// RFC 3339 times and text patterns as callers write them. What was read is written and read again.
#include <cstdlib>

#include "base/clock.hpp"
#include "base/text.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto time = pgmind::parse_time(text);
    if (time && pgmind::parse_time(pgmind::format_time(*time)).value() != *time) {
        std::abort();
    }
    const std::string_view half = text.substr(0, size / 2);
    pgmind::matches_pattern(half, text.substr(size / 2));
    if (pgmind::is_utf8(text) && !pgmind::is_utf8(pgmind::truncate_utf8(text, size / 2))) {
        std::abort();
    }
    return 0;
}
