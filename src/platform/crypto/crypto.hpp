#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace pgmind::crypto {

/// SHA-256 sized: what HMAC-SHA256 gives.
using Digest = std::array<std::uint8_t, 32>;

/// Fills the span from the kernel's generator. Thread-safe; does not fail (no randomness ends the
/// process).
void fill_random(std::span<std::uint8_t> bytes);

/// True when both are the same; takes the same time wherever they differ.
bool equal(const Digest& left, const Digest& right);

/// Overwrites the text with zeros in a way the compiler may not leave out, then empties it. Copies
/// made before are not found.
void wipe(std::string& text);
/// Overwrites bytes in the same way.
void wipe(std::span<std::uint8_t> bytes);

/// Lower-case hexadecimal.
std::string to_hex(std::span<const std::uint8_t> bytes);
/// nullopt unless `text` is an even number of hexadecimal digits (either case) and nothing else.
std::optional<std::string> from_hex(std::string_view text);

/// RFC 4648 section 5 without padding.
std::string to_base64url(std::span<const std::uint8_t> bytes);
std::string to_base64url(std::string_view bytes);
/// Strict: nullopt on padding, foreign characters, an impossible length, or unused bits that are
/// not zero, so that each value has one text only.
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace pgmind::crypto
