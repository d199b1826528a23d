#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pgmind::integration::mcp {

/// The text that a header field such as Mcp-Name stands for. Text that cannot stand in a header
/// (not ASCII, blanks at its ends, control characters) travels as "=?base64?...?=" around the
/// Base64 (RFC 4648 section 4, padded) of its UTF-8. nullopt when what stands there is not strict
/// Base64. Anything else means itself.
std::optional<std::string> decode_header_value(std::string_view field);

/// The inverse: as it is where it can be, else wrapped.
std::string encode_header_value(std::string_view text);

/// RFC 4648 section 4, with padding.
std::string to_base64(std::string_view bytes);

}  // namespace pgmind::integration::mcp
