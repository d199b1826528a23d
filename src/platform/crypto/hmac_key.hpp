#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "base/result.hpp"
#include "platform/crypto/crypto.hpp"

namespace pgmind::crypto {

/// A key for HMAC-SHA256 (RFC 2104), kept in memory that is locked, left out of core dumps and
/// fenced by guard pages where the system allows it. Only the prepared hash state is kept, not the
/// key. Immutable: sign() may be called from any thread. Move-only; wiped when destroyed.
class HmacKey {
  public:
    static constexpr std::size_t key_bytes_min = 32;

    /// invalid_argument when there are fewer than 32 bytes. The caller wipes its own copy.
    static Result<HmacKey> from_bytes(std::span<const std::uint8_t> bytes);
    static Result<HmacKey> from_bytes(std::string_view bytes);

    Digest sign(std::string_view message) const;

  private:
    struct State;
    struct Release {
        void operator()(State* state) const;
    };
    explicit HmacKey(std::unique_ptr<State, Release> state);

    std::unique_ptr<State, Release> state_;
};

}  // namespace pgmind::crypto
