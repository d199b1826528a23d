#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "platform/crypto/jwk.hpp"

namespace pgmind::crypto {

/// A signed token in compact form (RFC 7515), taken apart and not yet believed.
struct CompactJws {
    std::string algorithm;         ///< as the header says; decides nothing, see verify()
    std::string key_id;            ///< empty: the header names no key
    std::string type;              ///< "typ", empty when absent
    std::string_view signed_text;  ///< into the token: header and payload as they were sent
    std::string payload;
    std::string signature;

    /// Three parts of canonical base64url, the first of which is a JSON object without repeated
    /// members. invalid_argument for anything else, for more than `bytes_max` bytes, and for a
    /// header with `crit` or `b64`: extensions must not be ignored, and none is known here. Headers
    /// that bring keys or say where to get them (jwk, jku, x5c, x5u) are never looked at.
    static Result<CompactJws> parse(std::string_view token, std::size_t bytes_max);
};

/// Whether the key vouches for the token. The key decides the algorithm: a header that names
/// another one, or another key, is refused. invalid_argument with the reason as a literal.
Result<void> verify(const CompactJws& token, const VerificationKey& key);

}  // namespace pgmind::crypto
