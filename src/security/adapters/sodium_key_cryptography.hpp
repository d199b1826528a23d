#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "security/app/ports.hpp"

namespace pgmind::security {

/// KeyCryptography on libsodium. `hmac_key` has at least 32 bytes and is wiped; else
/// invalid_argument.
Result<std::unique_ptr<KeyCryptography>> make_key_cryptography(std::string hmac_key);

}  // namespace pgmind::security
