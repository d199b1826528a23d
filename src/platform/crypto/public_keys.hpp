#pragma once

#include <string_view>

#include "base/result.hpp"

struct evp_pkey_st;

// OpenSSL's part of JSON Web Keys and signatures. Private to crypto.
namespace pgmind::crypto {

// Each checks the key as jwk.hpp says and gives one that the caller releases. Numbers are big
// endian without a leading zero byte.
Result<evp_pkey_st*> make_rsa_key(std::string_view modulus, std::string_view exponent);
Result<evp_pkey_st*> make_p256_key(std::string_view x, std::string_view y);
Result<evp_pkey_st*> make_ed25519_key(std::string_view point);
void release_public_key(evp_pkey_st* key);

// Thread-safe.
bool verify_rs256(evp_pkey_st& key, std::string_view message, std::string_view signature);
bool verify_es256(evp_pkey_st& key, std::string_view message, std::string_view signature);
bool verify_ed25519(evp_pkey_st& key, std::string_view message, std::string_view signature);

}  // namespace pgmind::crypto
