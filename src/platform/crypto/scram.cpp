#include "platform/crypto/scram.hpp"

#include <array>

#include <sodium.h>

#include "platform/crypto/crypto.hpp"
#include "platform/crypto/initialise.hpp"

namespace pgmind::crypto {
namespace {

constexpr std::size_t kSaltBytes = 16;

std::span<const std::uint8_t> bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

Digest hmac(std::span<const std::uint8_t> key, std::span<const std::uint8_t> message) {
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, key.data(), key.size());
    crypto_auth_hmacsha256_update(&state, message.data(), message.size());
    Digest digest{};
    crypto_auth_hmacsha256_final(&state, digest.data());
    return digest;
}

// Hi() of RFC 5802: PBKDF2 with one block.
Digest salted_password(std::string_view password, std::span<const std::uint8_t> salt,
                       int iterations) {
    std::string first(salt.begin(), salt.end());
    first += std::string("\0\0\0\1", 4);
    Digest last = hmac(bytes_of(password), bytes_of(first));
    Digest result = last;
    for (int i = 1; i < iterations; ++i) {
        last = hmac(bytes_of(password), last);
        for (std::size_t at = 0; at < result.size(); ++at) {
            result[at] ^= last[at];
        }
    }
    return result;
}

std::string to_base64(std::span<const std::uint8_t> bytes) {
    constexpr int variant = sodium_base64_VARIANT_ORIGINAL;
    std::string text(sodium_base64_encoded_len(bytes.size(), variant), '\0');
    sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), variant);
    text.pop_back();
    return text;
}

}  // namespace

std::string scram_verifier(std::string_view password, std::span<const std::uint8_t> salt,
                           int iterations) {
    initialise();
    const Digest salted = salted_password(password, salt, iterations);
    const Digest client_key = hmac(salted, bytes_of("Client Key"));
    Digest stored_key{};
    crypto_hash_sha256(stored_key.data(), client_key.data(), client_key.size());
    const Digest server_key = hmac(salted, bytes_of("Server Key"));
    return "SCRAM-SHA-256$" + std::to_string(iterations) + ":" + to_base64(salt) + "$" +
           to_base64(stored_key) + ":" + to_base64(server_key);
}

std::string scram_verifier(std::string_view password) {
    std::array<std::uint8_t, kSaltBytes> salt{};
    fill_random(salt);
    return scram_verifier(password, salt, kScramIterations);
}

}  // namespace pgmind::crypto
