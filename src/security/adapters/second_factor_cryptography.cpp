#include "security/adapters/second_factor_cryptography.hpp"

#include <vector>

#include "platform/crypto/crypto.hpp"
#include "platform/crypto/envelope.hpp"
#include "platform/crypto/hmac_key.hpp"
#include "platform/crypto/hmac_sha1.hpp"

namespace pgmind::security {
namespace {

static_assert(std::is_same_v<TotpMac, crypto::Sha1Mac>);

constexpr std::string_view kKeyMessage = "pgmind second factor key 1";
constexpr std::string_view kKeyIdMessage = "pgmind second factor key id 1";

crypto::EnvelopePlace place_of(const PrincipalId& principal) {
    return {"second_factors", "envelope", principal.value(), ""};
}

class SealedSecondFactors final : public SecondFactorCryptography {
  public:
    SealedSecondFactors(crypto::AeadKey key, std::uint32_t key_id)
        : key_(std::move(key)), keys_{key_id, 0} {}

    std::string random_bytes(std::size_t count) const override {
        std::vector<std::uint8_t> bytes(count);
        crypto::fill_random(bytes);
        return {bytes.begin(), bytes.end()};
    }
    TotpMac mac(std::string_view secret, std::string_view message) const override {
        return crypto::hmac_sha1(secret, message);
    }
    std::string seal(std::string_view secret, const PrincipalId& principal) const override {
        return crypto::seal_envelope(key_, keys_, secret, place_of(principal));
    }
    Result<std::string> open(std::string_view envelope,
                             const PrincipalId& principal) const override {
        const auto named = crypto::keys_of(envelope);
        if (!named) {
            return fail(named.error());
        }
        if (*named != keys_) {
            return fail(BaseErrc::internal,
                        "the second factor of " + principal.value() + " is encrypted under key " +
                            std::to_string(named->kek) + "; this gateway has key " +
                            std::to_string(keys_.kek));
        }
        return crypto::open_envelope(key_, envelope, place_of(principal));
    }

  private:
    crypto::AeadKey key_;
    crypto::EnvelopeKeys keys_;
};

}  // namespace

Result<std::unique_ptr<SecondFactorCryptography>> make_second_factor_cryptography(
    const std::string& hmac_key) {
    const auto secret = crypto::HmacKey::from_bytes(std::string_view(hmac_key));
    if (!secret) {
        return fail(secret.error());
    }
    const crypto::Digest derived = secret->sign(kKeyMessage);
    std::string bytes(derived.begin(), derived.end());
    auto key = crypto::AeadKey::from_bytes(bytes);
    crypto::wipe(bytes);
    if (!key) {
        return fail(std::move(key.error()));
    }
    const crypto::Digest tag = secret->sign(kKeyIdMessage);
    const std::uint32_t id = (std::uint32_t{tag[0]} << 24) | (std::uint32_t{tag[1]} << 16) |
                             (std::uint32_t{tag[2]} << 8) | std::uint32_t{tag[3]};
    return std::make_unique<SealedSecondFactors>(std::move(*key), id);
}

}  // namespace pgmind::security
