#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "platform/json/value.hpp"

struct evp_pkey_st;

namespace pgmind::crypto {

/// The signatures that are taken (RFC 7518, RFC 8037). Nothing else can be asked for: neither
/// "none", nor an HMAC under a public key.
enum class JwsAlgorithm { rs256, es256, eddsa };
std::string_view name_of(JwsAlgorithm algorithm);

/// A public key that checks signatures of one algorithm, the one that the key itself stands for.
/// Immutable; verify() may be called from any thread. Copies share the key.
class VerificationKey {
  public:
    /// Reads a JSON Web Key (RFC 7517): RSA of 2,048 to 8,192 bits, EC on P-256, or Ed25519.
    /// not_supported when it is a key for something else (another type, curve, algorithm or use);
    /// invalid_argument when it is wrong: a member missing or not in its one canonical form, a
    /// point that is not on the curve, a weak exponent, an RSA key of the ROCA family, private or
    /// symmetric parts. Members that are not known are ignored, as the RFC wants.
    static Result<VerificationKey> from_jwk(const json::Object& jwk);

    JwsAlgorithm algorithm() const { return algorithm_; }
    const std::string& key_id() const { return key_id_; }  ///< empty: the key has none

    /// `signature` as JWS carries it: for ES256 the 64 bytes of r and s.
    bool verify(std::string_view message, std::string_view signature) const;

  private:
    VerificationKey(JwsAlgorithm algorithm, std::string key_id, evp_pkey_st* key);

    JwsAlgorithm algorithm_;
    std::string key_id_;
    std::shared_ptr<evp_pkey_st> key_;
};

struct KeySetLimits {
    std::size_t bytes_max = std::size_t{64} * 1024;
    std::size_t keys_max = 64;
};

/// A JSON Web Key Set: the keys of one issuer. Immutable.
class KeySet {
  public:
    /// Keys for other purposes are left out, as the RFC wants. invalid_argument for everything that
    /// a careful issuer does not publish: a malformed key, a private or symmetric one, two keys of
    /// one name, or no key that can be used here.
    static Result<KeySet> parse(std::string_view text, const KeySetLimits& limits);

    /// nullptr when there is none. A token that names no key finds the only one, if it is that.
    const VerificationKey* find(std::string_view key_id) const;
    std::size_t size() const { return keys_.size(); }

  private:
    std::vector<VerificationKey> keys_;
};

}  // namespace pgmind::crypto
