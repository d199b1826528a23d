#include "platform/crypto/signing_key.hpp"

#include <new>

#include <sodium.h>

#include "platform/crypto/initialise.hpp"

namespace pgmind::crypto {
namespace {

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

void SigningKey::Release::operator()(std::uint8_t* secret) const {
    sodium_free(secret);
}

Result<SigningKey> SigningKey::from_seed(std::string_view seed) {
    initialise();
    if (seed.size() != seed_bytes) {
        return fail(invalid_argument("signing key", "an Ed25519 seed has 32 bytes"));
    }
    SigningKey key;
    key.secret_.reset(static_cast<std::uint8_t*>(sodium_malloc(crypto_sign_SECRETKEYBYTES)));
    if (key.secret_ == nullptr) {
        throw std::bad_alloc();
    }
    crypto_sign_seed_keypair(key.public_key_.data(), key.secret_.get(), bytes_of(seed));
    sodium_mprotect_readonly(key.secret_.get());
    return key;
}

Signature SigningKey::sign(std::string_view message) const {
    Signature signature;
    crypto_sign_detached(signature.data(), nullptr, bytes_of(message), message.size(),
                         secret_.get());
    return signature;
}

bool verify_signature(std::string_view public_key, std::string_view message,
                      std::string_view signature) {
    initialise();
    return public_key.size() == crypto_sign_PUBLICKEYBYTES &&
           signature.size() == crypto_sign_BYTES &&
           crypto_sign_verify_detached(bytes_of(signature), bytes_of(message), message.size(),
                                       bytes_of(public_key)) == 0;
}

}  // namespace pgmind::crypto
