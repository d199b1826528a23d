// Signed tokens and key sets as strangers send them. A token has one spelling: what is taken apart
// and put together again is the same text. Nothing but the one token that the key signed is
// believed.
#include <cstdlib>

#include "platform/crypto/crypto.hpp"
#include "platform/crypto/jws.hpp"

namespace {

using namespace pgmind;

// RFC 8037, appendix A.
constexpr std::string_view kKeys =
    R"({"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})";
constexpr std::string_view kSignedText = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

void try_token(std::string_view text) {
    static const auto keys = crypto::KeySet::parse(kKeys, {});
    require(keys.has_value());
    const auto token = crypto::CompactJws::parse(text, 8'192);
    if (!token) {
        require(!token.error().detail.empty());
        return;
    }
    const std::size_t dot = token->signed_text.find('.');
    const auto header = crypto::from_base64url(token->signed_text.substr(0, dot));
    require(header.has_value());
    require(crypto::to_base64url(*header) + "." + crypto::to_base64url(token->payload) + "." +
                crypto::to_base64url(token->signature) ==
            text);
    const crypto::VerificationKey* key = keys->find(token->key_id);
    require(key == nullptr || !crypto::verify(*token, *key) || token->signed_text == kSignedText);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    try_token(text);
    // The header by itself, which mutations of base64 hardly reach.
    try_token(crypto::to_base64url(text) + ".e30.AAAA");
    if (const auto keys = crypto::KeySet::parse(text, {})) {
        require(keys->size() > 0 && keys->size() <= 64);
    }
    return 0;
}
