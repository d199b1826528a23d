#include "platform/crypto/public_keys.hpp"

#include <array>
#include <memory>
#include <string>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <sodium.h>

#include "platform/crypto/initialise.hpp"

namespace pgmind::crypto {
namespace {

constexpr int kModulusBitsMin = 2'048;
constexpr int kModulusBitsMax = 8'192;  // A larger one costs milliseconds for each token.
constexpr unsigned kExponentMin = 65'537;
constexpr int kExponentBitsMax = 32;
constexpr std::size_t kCoordinateBytes = 32;
constexpr std::size_t kEs256Bytes = 2 * kCoordinateBytes;

template <auto Release>
struct Releaser {
    template <class T>
    void operator()(T* object) const {
        Release(object);
    }
};
using Number = std::unique_ptr<BIGNUM, Releaser<BN_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Releaser<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, Releaser<OSSL_PARAM_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Releaser<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Releaser<EVP_MD_CTX_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, Releaser<ECDSA_SIG_free>>;

const unsigned char* bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

tl::unexpected<Error> wrong(std::string detail) {
    ERR_clear_error();
    return fail(BaseErrc::invalid_argument, std::move(detail));
}

// Nothing when there are leading zeros, no digits or far too many: each number has one form.
Number number_of(std::string_view big_endian) {
    if (big_endian.empty() || big_endian.front() == '\0' ||
        big_endian.size() > kModulusBitsMax / 8) {
        return nullptr;
    }
    return Number(BN_bin2bn(bytes(big_endian), static_cast<int>(big_endian.size()), nullptr));
}

// Moduli of the flawed generator of Infineon chips (ROCA, CVE-2017-15361) are powers of 65537 in
// every small prime field; of others hardly one in 2^27 is.
bool has_roca_shape(const BIGNUM& modulus) {
    constexpr std::array<unsigned, 17> kPrimes = {11, 13, 17,  19,  37,  53,  61,  71, 73,
                                                  79, 97, 103, 107, 109, 127, 151, 157};
    for (const unsigned prime : kPrimes) {
        const auto rest = static_cast<unsigned>(BN_mod_word(&modulus, prime));
        unsigned power = 1;
        bool found = false;
        for (unsigned i = 0; i < prime && !found; ++i) {
            found = power == rest;
            power = power * (65'537 % prime) % prime;
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

// OpenSSL says whether the public part is sound (on the curve, in range).
Result<evp_pkey_st*> make_key(const char* type, OSSL_PARAM* parameters) {
    const KeyContext maker(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* key = nullptr;
    if (!maker || EVP_PKEY_fromdata_init(maker.get()) != 1 ||
        EVP_PKEY_fromdata(maker.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1) {
        return wrong(std::string("no public key of type ") + type);
    }
    const KeyContext checker(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
    if (!checker || EVP_PKEY_public_check(checker.get()) != 1) {
        EVP_PKEY_free(key);
        return wrong(std::string("an unsound public key of type ") + type);
    }
    return key;
}

bool verify_digest(evp_pkey_st& key, const EVP_MD* digest, std::string_view message,
                   std::string_view signature) {
    const DigestContext context(EVP_MD_CTX_new());
    const bool right = context &&
                       EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, &key) == 1 &&
                       EVP_DigestVerify(context.get(), bytes(signature), signature.size(),
                                        bytes(message), message.size()) == 1;
    ERR_clear_error();
    return right;
}

}  // namespace

Result<evp_pkey_st*> make_rsa_key(std::string_view modulus, std::string_view exponent) {
    const Number n = number_of(modulus);
    const Number e = number_of(exponent);
    if (!n || !e) {
        return wrong("n or e is missing or not canonical");
    }
    if (BN_num_bits(n.get()) < kModulusBitsMin || BN_num_bits(n.get()) > kModulusBitsMax) {
        return wrong("an RSA key has 2048 to 8192 bits");
    }
    if (!BN_is_odd(n.get()) || !BN_is_odd(e.get()) || BN_num_bits(e.get()) > kExponentBitsMax ||
        BN_get_word(e.get()) < kExponentMin) {
        return wrong("the exponent of an RSA key is odd, at least 65537 and below 2^32");
    }
    if (has_roca_shape(*n)) {
        return wrong("an RSA key of a flawed generator (CVE-2017-15361)");
    }
    const Builder builder(OSSL_PARAM_BLD_new());
    if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
        return wrong("no memory for an RSA key");
    }
    const Parameters parameters(OSSL_PARAM_BLD_to_param(builder.get()));
    return make_key("RSA", parameters.get());
}

Result<evp_pkey_st*> make_p256_key(std::string_view x, std::string_view y) {
    if (x.size() != kCoordinateBytes || y.size() != kCoordinateBytes) {
        return wrong("a coordinate on P-256 has 32 bytes");
    }
    std::string point = "\x04";  // Uncompressed (SEC 1, 2.3.3).
    point += x;
    point += y;
    char group[] = "P-256";
    std::array<OSSL_PARAM, 3> parameters = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
        OSSL_PARAM_construct_end()};
    return make_key("EC", parameters.data());
}

Result<evp_pkey_st*> make_ed25519_key(std::string_view point) {
    initialise();
    if (point.size() != crypto_sign_PUBLICKEYBYTES ||
        crypto_core_ed25519_is_valid_point(bytes(point)) != 1) {
        return wrong("no point of Ed25519's main subgroup");
    }
    EVP_PKEY* key =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes(point), point.size());
    if (key == nullptr) {
        return wrong("no public key of type Ed25519");
    }
    return key;
}

void release_public_key(evp_pkey_st* key) {
    EVP_PKEY_free(key);
}

bool verify_rs256(evp_pkey_st& key, std::string_view message, std::string_view signature) {
    return signature.size() == static_cast<std::size_t>(EVP_PKEY_get_size(&key)) &&
           verify_digest(key, EVP_sha256(), message, signature);
}

bool verify_es256(evp_pkey_st& key, std::string_view message, std::string_view signature) {
    if (signature.size() != kEs256Bytes) {
        return false;
    }
    BIGNUM* r = BN_bin2bn(bytes(signature), kCoordinateBytes, nullptr);
    BIGNUM* s = BN_bin2bn(bytes(signature) + kCoordinateBytes, kCoordinateBytes, nullptr);
    const EcdsaSignature pair(ECDSA_SIG_new());
    if (!pair || r == nullptr || s == nullptr || ECDSA_SIG_set0(pair.get(), r, s) != 1) {
        BN_free(r);
        BN_free(s);
        return false;
    }
    unsigned char* encoded = nullptr;
    const int length = i2d_ECDSA_SIG(pair.get(), &encoded);
    const bool right = length > 0 && verify_digest(key, EVP_sha256(), message,
                                                   {reinterpret_cast<char*>(encoded),
                                                    static_cast<std::size_t>(length)});
    OPENSSL_free(encoded);
    return right;
}

bool verify_ed25519(evp_pkey_st& key, std::string_view message, std::string_view signature) {
    return verify_digest(key, nullptr, message, signature);
}

}  // namespace pgmind::crypto
