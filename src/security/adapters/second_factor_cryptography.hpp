#pragma once

#include <memory>
#include <string>

#include "security/app/second_factor_ports.hpp"

namespace pgmind::security {

/// SecondFactorCryptography under a key that is made from the secret of the API keys' HMAC, for
/// this purpose alone: whoever may not read that file opens no envelope. Envelopes name the key, so
/// that one of another cluster, or from before the secret was replaced, is known as such.
Result<std::unique_ptr<SecondFactorCryptography>> make_second_factor_cryptography(
    const std::string& hmac_key);

}  // namespace pgmind::security
