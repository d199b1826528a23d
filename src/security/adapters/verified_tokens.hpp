#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_set>

#include "platform/crypto/jwk.hpp"

namespace pgmind::security {

/// Remembers which tokens a set of keys has vouched for, so that the signature of one that comes
/// with every request is checked once. Only that is remembered: claims and times are looked at each
/// time, and with other keys (each fetch makes a set of its own) everything is forgotten. Tokens
/// are held as SHA-256 of their whole text, 2 x 8,192 at most: when a half is full, the older one
/// is dropped. Thread-safe.
class VerifiedTokens {
  public:
    bool knows(const std::shared_ptr<const crypto::KeySet>& keys, std::string_view token);
    void remember(const std::shared_ptr<const crypto::KeySet>& keys, std::string_view token);

  private:
    using Digest = std::array<std::uint8_t, 32>;
    struct Hash {
        std::size_t operator()(const Digest& digest) const noexcept;
    };
    using Half = std::unordered_set<Digest, Hash>;

    static Digest digest_of(std::string_view token);
    void begin_with(const std::shared_ptr<const crypto::KeySet>& keys);

    std::mutex mutex_;
    std::shared_ptr<const crypto::KeySet> keys_;
    Half newer_;
    Half older_;
};

}  // namespace pgmind::security
