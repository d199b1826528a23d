#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pgmind::security {

/// HMAC-SHA256 over a key's id, its principal and its secret: all that is stored of the secret.
using KeyDigest = std::array<std::uint8_t, 32>;

inline constexpr std::string_view kKeyPrefix = "pgm_";
inline constexpr std::size_t kKeyIdLength = 16;      ///< hexadecimal, 64 bits
inline constexpr std::size_t kKeySecretLength = 43;  ///< base64url, 256 bits
inline constexpr std::size_t kKeyLength = kKeyPrefix.size() + kKeyIdLength + 1 + kKeySecretLength;

struct ApiKeyParts {
    std::string_view key_id;
    std::string_view secret;
};

/// The parts of `pgm_<key id>_<secret>`, as views into `text`; nullopt unless the form is exact.
/// Positions are fixed, since base64url contains `_` too.
std::optional<ApiKeyParts> parse_api_key(std::string_view text);

/// 43 characters of base64url.
bool is_key_secret(std::string_view text);

std::string format_api_key(std::string_view key_id, std::string_view secret);

/// What the digest is made over. Every part but the principal has a fixed length, so no two keys
/// share a message; naming the principal keeps whoever can write the table, but lacks the HMAC key,
/// from moving a key to another principal.
std::string key_message(std::string_view key_id, std::string_view secret,
                        std::string_view principal_id);

}  // namespace pgmind::security
