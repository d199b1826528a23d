#include "security/adapters/verified_tokens.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "platform/crypto/merkle.hpp"

namespace pgmind::security {
namespace {

constexpr std::size_t kTokensOfHalfMax = 8'192;

}  // namespace

// The digest's own bytes are as good as any hash of them.
std::size_t VerifiedTokens::Hash::operator()(const Digest& digest) const noexcept {
    std::size_t value = 0;
    std::memcpy(&value, digest.data(), sizeof(value));
    return value;
}

VerifiedTokens::Digest VerifiedTokens::digest_of(std::string_view token) {
    return crypto::sha256(token);
}

// With the lock held.
void VerifiedTokens::begin_with(const std::shared_ptr<const crypto::KeySet>& keys) {
    if (keys_ != keys) {
        keys_ = keys;
        newer_.clear();
        older_.clear();
    }
}

bool VerifiedTokens::knows(const std::shared_ptr<const crypto::KeySet>& keys,
                           std::string_view token) {
    const Digest digest = digest_of(token);
    const std::lock_guard lock(mutex_);
    return keys_ == keys && (newer_.contains(digest) || older_.contains(digest));
}

void VerifiedTokens::remember(const std::shared_ptr<const crypto::KeySet>& keys,
                              std::string_view token) {
    const Digest digest = digest_of(token);
    const std::lock_guard lock(mutex_);
    begin_with(keys);
    if (newer_.size() >= kTokensOfHalfMax) {
        older_ = std::exchange(newer_, {});
    }
    newer_.insert(digest);
}

}  // namespace pgmind::security
