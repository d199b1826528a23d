#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pgmind::app {

// How texts and numbers are written for people. Texts are UTF-8.

/// Control characters (C0, DEL, C1) and marks that reorder a line replaced by blanks, so that
/// stored text can neither steer a terminal nor disguise what it says.
std::string printable(std::string_view text);

/// Columns that a text takes on a terminal: two for wide characters, none for combining ones.
std::size_t display_width(std::string_view text);

/// The text, or its beginning and "…" when it takes more than `width` columns (at least 1).
std::string cut_to_width(std::string_view text, std::size_t width);

/// "1.2 MB"; powers of 1,000.
std::string human_bytes(std::int64_t bytes);
/// "63,412".
std::string human_count(std::int64_t count);
/// "1 entry", "63,412 entries".
std::string human_count(std::int64_t count, std::string_view one, std::string_view many);
/// "850 µs", "12.3 ms", "2.5 s".
std::string human_duration(std::int64_t microseconds);
/// "2026-11-23 12:00:01" of "2026-11-23T12:00:01.000123Z"; other texts as they are.
std::string human_time(std::string_view rfc3339);
/// A number with so many digits after the point.
std::string fixed(double number, int digits);

}  // namespace pgmind::app
