#include "security/adapters/sodium_key_cryptography.hpp"

#include <array>

#include "platform/crypto/crypto.hpp"
#include "platform/crypto/hmac_key.hpp"
#include "platform/crypto/scram.hpp"

namespace pgmind::security {
namespace {

static_assert(std::is_same_v<KeyDigest, crypto::Digest>);

class SodiumKeyCryptography final : public KeyCryptography {
  public:
    explicit SodiumKeyCryptography(crypto::HmacKey key) : key_(std::move(key)) {}

    KeyMaterial generate() const override {
        std::array<std::uint8_t, kKeyIdLength / 2> id;
        std::array<std::uint8_t, 32> secret;
        crypto::fill_random(id);
        crypto::fill_random(secret);
        return {crypto::to_hex(id), crypto::to_base64url(secret)};
    }
    KeyDigest digest(std::string_view message) const override { return key_.sign(message); }
    bool equal(const KeyDigest& left, const KeyDigest& right) const override {
        return crypto::equal(left, right);
    }
    std::string sql_verifier(std::string_view password) const override {
        return crypto::scram_verifier(password);
    }
    void wipe(std::string& secret) const override { crypto::wipe(secret); }

  private:
    crypto::HmacKey key_;
};

}  // namespace

Result<std::unique_ptr<KeyCryptography>> make_key_cryptography(std::string hmac_key) {
    auto key = crypto::HmacKey::from_bytes(std::string_view(hmac_key));
    crypto::wipe(hmac_key);
    if (!key) {
        return fail(std::move(key.error()));
    }
    return std::make_unique<SodiumKeyCryptography>(std::move(*key));
}

}  // namespace pgmind::security
