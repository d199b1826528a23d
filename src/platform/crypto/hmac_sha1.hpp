#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace pgmind::crypto {

using Sha1Mac = std::array<std::uint8_t, 20>;

/// HMAC-SHA1 (RFC 2104), for codes of authenticator apps (RFC 6238), which know nothing newer. As a
/// MAC it is not broken; for anything else use HmacKey. Thread-safe.
Sha1Mac hmac_sha1(std::string_view key, std::string_view message);

}  // namespace pgmind::crypto
