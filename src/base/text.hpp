#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgmind {

/// True when `text` is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
bool is_utf8(std::string_view text);

/// True when `text` matches `pattern`, in which `*` stands for any run of bytes (also none).
/// Linear in text.size() * number of stars.
bool matches_pattern(std::string_view pattern, std::string_view text);

/// The longest prefix of `text` of at most `bytes_max` bytes that does not cut a UTF-8 character.
std::string_view truncate_utf8(std::string_view text, std::size_t bytes_max);

}  // namespace pgmind
