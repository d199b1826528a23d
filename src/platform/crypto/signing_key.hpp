#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "platform/crypto/crypto.hpp"

namespace pgmind::crypto {

using PublicKey = std::array<std::uint8_t, 32>;
using Signature = std::array<std::uint8_t, 64>;

/// An Ed25519 key (RFC 8032), kept in memory that is locked, left out of core dumps and fenced by
/// guard pages where the system allows it. Immutable: sign() may be called from any thread.
/// Move-only; wiped when destroyed.
class SigningKey {
  public:
    static constexpr std::size_t seed_bytes = 32;

    /// invalid_argument unless there are 32 bytes. The caller wipes its own copy.
    static Result<SigningKey> from_seed(std::string_view seed);

    const PublicKey& public_key() const { return public_key_; }
    Signature sign(std::string_view message) const;

  private:
    struct Release {
        void operator()(std::uint8_t* secret) const;
    };
    SigningKey() = default;

    std::unique_ptr<std::uint8_t, Release> secret_;
    PublicKey public_key_{};
};

/// Whether `signature` is the key's for the message; false too for a key or signature of another
/// length. Takes no secrets.
bool verify_signature(std::string_view public_key, std::string_view message,
                      std::string_view signature);

}  // namespace pgmind::crypto
