#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace pgmind::crypto {

/// A key for AES-256-GCM (NIST SP 800-38D), kept in memory that is locked, left out of core dumps
/// and fenced by guard pages where the system allows it. Immutable: seal() and open() may be called
/// from any thread. Move-only; wiped when destroyed.
///
/// Nonces are random, so one key is for at most 2^32 messages: past that two of them might share a
/// nonce with a probability above 2^-32. Whoever seals much changes keys before.
class AeadKey {
  public:
    static constexpr std::size_t key_bytes = 32;
    static constexpr std::size_t nonce_bytes = 12;
    static constexpr std::size_t tag_bytes = 16;

    /// invalid_argument unless there are exactly 32 bytes. The caller wipes its own copy.
    static Result<AeadKey> from_bytes(std::string_view bytes);
    static AeadKey random();

    /// nonce | ciphertext | tag. `associated` is authenticated and not part of the result.
    std::string seal(std::string_view plaintext, std::string_view associated) const;
    /// The plaintext; nullopt when any bit of either differs from what was sealed, or the key does.
    std::optional<std::string> open(std::string_view sealed, std::string_view associated) const;

    /// This key itself, sealed by another.
    std::string wrapped_by(const AeadKey& wrapping, std::string_view associated) const;
    /// The key that wrapped_by() sealed; nullopt as open().
    static std::optional<AeadKey> unwrap(const AeadKey& wrapping, std::string_view sealed,
                                         std::string_view associated);

  private:
    friend std::string seal_with_nonce(const AeadKey& key, std::string_view nonce,
                                       std::string_view plaintext, std::string_view associated);

    struct Release {
        void operator()(std::uint8_t* bytes) const;
    };
    using Bytes = std::unique_ptr<std::uint8_t, Release>;
    explicit AeadKey(Bytes bytes) : bytes_(std::move(bytes)) {}
    static Bytes allocate();
    std::string_view view() const;

    Bytes bytes_;
};

/// As AeadKey::seal() with a nonce of 12 bytes that the caller chose. Only to compare with
/// published vectors: a nonce that is used twice gives both messages and the key's authentication
/// away.
std::string seal_with_nonce(const AeadKey& key, std::string_view nonce, std::string_view plaintext,
                            std::string_view associated);

}  // namespace pgmind::crypto
