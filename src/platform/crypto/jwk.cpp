#include "platform/crypto/jwk.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "platform/crypto/crypto.hpp"
#include "platform/crypto/public_keys.hpp"

namespace pgmind::crypto {
namespace {

constexpr std::size_t kNameBytesMax = 256;
constexpr std::size_t kOperationsMax = 16;
// RFC 7518, sections 6.2.2, 6.3.2 and 6.4: what only the owner of a key has.
constexpr std::array<std::string_view, 9> kSecretMembers = {"d",  "p",   "q", "dp",  "dq",
                                                            "qi", "oth", "k", "priv"};

tl::unexpected<Error> wrong(std::string detail) {
    return fail(BaseErrc::invalid_argument, std::move(detail));
}

tl::unexpected<Error> other_purpose(std::string detail) {
    return fail(std::make_error_code(std::errc::not_supported), std::move(detail));
}

// The text of a member; nullopt when it is no text, "" when it is not there.
std::optional<std::string> text_of(const json::Object& jwk, std::string_view name) {
    const json::Value* value = jwk.find(name);
    if (value == nullptr) {
        return std::string();
    }
    if (value->kind() != json::Kind::string) {
        return std::nullopt;
    }
    return json::decode_string(*value);
}

// The bytes of a member that must be there.
std::string bytes_of(const json::Object& jwk, std::string_view name) {
    const auto text = text_of(jwk, name);
    return text ? from_base64url(*text).value_or("") : "";
}

// "use" and "key_ops" say what the owner made the key for; both may be absent.
Result<void> check_purpose(const json::Object& jwk) {
    const auto use = text_of(jwk, "use");
    if (!use || (jwk.find("use") != nullptr && *use != "sig")) {
        return other_purpose("the key is not for signatures");
    }
    const json::Value* operations = jwk.find("key_ops");
    if (operations == nullptr) {
        return {};
    }
    const std::vector<json::Value> names = json::elements(*operations);
    if (operations->kind() != json::Kind::array || names.size() > kOperationsMax) {
        return wrong("key_ops is no list of operations");
    }
    const auto is_verify = [](const json::Value& name) {
        return json::decode_string(name) == "verify";
    };
    if (std::none_of(names.begin(), names.end(), is_verify)) {
        return other_purpose("the key is not for verifying");
    }
    return {};
}

// What a key of this type and curve is for; nothing when it is for nothing that is known here.
std::optional<JwsAlgorithm> algorithm_of(const json::Object& jwk) {
    const auto type = text_of(jwk, "kty");
    const auto curve = text_of(jwk, "crv");
    std::optional<JwsAlgorithm> algorithm;
    if (type == "RSA") {
        algorithm = JwsAlgorithm::rs256;
    } else if (type == "EC" && curve == "P-256") {
        algorithm = JwsAlgorithm::es256;
    } else if (type == "OKP" && curve == "Ed25519") {
        algorithm = JwsAlgorithm::eddsa;
    }
    // Where the key names an algorithm it must be this one: an RSA key for PS256 is none for RS256.
    if (algorithm && jwk.find("alg") != nullptr && text_of(jwk, "alg") != name_of(*algorithm)) {
        return std::nullopt;
    }
    return algorithm;
}

Result<evp_pkey_st*> make_key(const json::Object& jwk, JwsAlgorithm algorithm) {
    switch (algorithm) {
        case JwsAlgorithm::rs256:
            return make_rsa_key(bytes_of(jwk, "n"), bytes_of(jwk, "e"));
        case JwsAlgorithm::es256:
            return make_p256_key(bytes_of(jwk, "x"), bytes_of(jwk, "y"));
        case JwsAlgorithm::eddsa:
            break;
    }
    return make_ed25519_key(bytes_of(jwk, "x"));
}

bool has_secrets(const json::Object& jwk) {
    return std::any_of(kSecretMembers.begin(), kSecretMembers.end(),
                       [&](std::string_view name) { return jwk.find(name) != nullptr; });
}

}  // namespace

std::string_view name_of(JwsAlgorithm algorithm) {
    switch (algorithm) {
        case JwsAlgorithm::rs256:
            return "RS256";
        case JwsAlgorithm::es256:
            return "ES256";
        case JwsAlgorithm::eddsa:
            break;
    }
    return "EdDSA";
}

VerificationKey::VerificationKey(JwsAlgorithm algorithm, std::string key_id, evp_pkey_st* key)
    : algorithm_(algorithm), key_id_(std::move(key_id)), key_(key, release_public_key) {}

Result<VerificationKey> VerificationKey::from_jwk(const json::Object& jwk) {
    if (has_secrets(jwk)) {
        return wrong("a private or symmetric key");
    }
    if (auto purpose = check_purpose(jwk); !purpose) {
        return fail(std::move(purpose.error()));
    }
    const auto algorithm = algorithm_of(jwk);
    if (!algorithm) {
        return other_purpose("no key for RS256, ES256 or EdDSA");
    }
    auto key_id = text_of(jwk, "kid");
    if (!key_id || key_id->size() > kNameBytesMax) {
        return wrong("kid is no text, or too long");
    }
    auto key = make_key(jwk, *algorithm);
    if (!key) {
        return fail(std::move(key.error()));
    }
    return VerificationKey(*algorithm, std::move(*key_id), *key);
}

bool VerificationKey::verify(std::string_view message, std::string_view signature) const {
    switch (algorithm_) {
        case JwsAlgorithm::rs256:
            return verify_rs256(*key_, message, signature);
        case JwsAlgorithm::es256:
            return verify_es256(*key_, message, signature);
        case JwsAlgorithm::eddsa:
            break;
    }
    return verify_ed25519(*key_, message, signature);
}

Result<KeySet> KeySet::parse(std::string_view text, const KeySetLimits& limits) {
    const auto document = json::parse_object(text, {.bytes_max = limits.bytes_max, .depth_max = 8});
    if (!document) {
        return wrong("the key set is no JSON object: " + document.error().detail);
    }
    const json::Value* list = document->find("keys");
    if (list == nullptr || list->kind() != json::Kind::array) {
        return wrong("the key set has no list of keys");
    }
    const std::vector<json::Value> entries = json::elements(*list);
    if (entries.size() > limits.keys_max) {
        return wrong("the key set has more than " + std::to_string(limits.keys_max) + " keys");
    }
    KeySet set;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const std::string path = json::join_path("keys", i);
        const auto object = json::Object::of(entries[i], path);
        auto key = object ? VerificationKey::from_jwk(*object) : wrong("no object");
        if (!key && key.error().code == std::errc::not_supported) {
            continue;
        }
        if (!key) {
            return wrong("the key set is refused for " + path + ": " + key.error().detail);
        }
        for (const VerificationKey& other : set.keys_) {
            if (other.key_id() == key->key_id()) {
                return wrong("the key set has two keys with the id '" + key->key_id() + "'");
            }
        }
        set.keys_.push_back(std::move(*key));
    }
    if (set.keys_.empty()) {
        return wrong("the key set has no key for RS256, ES256 or EdDSA");
    }
    return set;
}

const VerificationKey* KeySet::find(std::string_view key_id) const {
    if (key_id.empty()) {
        return keys_.size() == 1 ? &keys_.front() : nullptr;
    }
    const auto found = std::find_if(keys_.begin(), keys_.end(), [&](const VerificationKey& key) {
        return key.key_id() == key_id;
    });
    return found == keys_.end() ? nullptr : &*found;
}

}  // namespace pgmind::crypto
