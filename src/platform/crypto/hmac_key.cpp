#include "platform/crypto/hmac_key.hpp"

#include <new>

#include <sodium.h>

#include "platform/crypto/initialise.hpp"

namespace pgmind::crypto {

struct HmacKey::State {
    crypto_auth_hmacsha256_state prepared;
};

void HmacKey::Release::operator()(State* state) const {
    sodium_free(state);  // Wipes first.
}

HmacKey::HmacKey(std::unique_ptr<State, Release> state) : state_(std::move(state)) {}

Result<HmacKey> HmacKey::from_bytes(std::span<const std::uint8_t> bytes) {
    initialise();
    if (bytes.size() < key_bytes_min) {
        return fail(BaseErrc::invalid_argument, "an HMAC key has at least 32 bytes");
    }
    auto* state = static_cast<State*>(sodium_malloc(sizeof(State)));
    if (state == nullptr) {
        throw std::bad_alloc();
    }
    std::unique_ptr<State, Release> owned(state);
    crypto_auth_hmacsha256_init(&owned->prepared, bytes.data(), bytes.size());
    sodium_mprotect_readonly(owned.get());
    return HmacKey(std::move(owned));
}

Result<HmacKey> HmacKey::from_bytes(std::string_view bytes) {
    return from_bytes(std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
}

Digest HmacKey::sign(std::string_view message) const {
    crypto_auth_hmacsha256_state state = state_->prepared;
    crypto_auth_hmacsha256_update(&state, reinterpret_cast<const unsigned char*>(message.data()),
                                  message.size());
    Digest digest;
    crypto_auth_hmacsha256_final(&state, digest.data());
    sodium_memzero(&state, sizeof state);
    return digest;
}

}  // namespace pgmind::crypto
