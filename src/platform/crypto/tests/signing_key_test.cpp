#include "platform/crypto/signing_key.hpp"

#include <gtest/gtest.h>

namespace pgmind::crypto {
namespace {

std::string bytes_of(std::string_view hex) {
    return from_hex(hex).value();
}

std::string text_of(std::span<const std::uint8_t> bytes) {
    return {bytes.begin(), bytes.end()};
}

// RFC 8032 section 7.1, tests 1 to 3.
const std::vector<std::array<std::string, 4>> kVectors = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701c"
     "f9b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0"
     "f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f76098"
     "4dc6594a7c15e9716ed28dc027beceea1ec40a"}};

TEST(SigningKey, GivesThePublishedSignatures) {
    for (const auto& [seed, public_key, message, signature] : kVectors) {
        const auto key = SigningKey::from_seed(bytes_of(seed));
        ASSERT_TRUE(key);
        EXPECT_EQ(to_hex(key->public_key()), public_key);
        EXPECT_EQ(to_hex(key->sign(bytes_of(message))), signature);
        EXPECT_TRUE(verify_signature(bytes_of(public_key), bytes_of(message), bytes_of(signature)));
    }
}

TEST(SigningKey, NothingElseIsAccepted) {
    const auto key = SigningKey::from_seed(std::string(32, 's'));
    ASSERT_TRUE(key);
    const std::string message = "a checkpoint";
    const std::string signature = text_of(key->sign(message));
    const std::string public_key = text_of(key->public_key());
    EXPECT_TRUE(verify_signature(public_key, message, signature));
    for (std::size_t i = 0; i < signature.size(); ++i) {
        std::string other = signature;
        other[i] = static_cast<char>(other[i] ^ 1);
        EXPECT_FALSE(verify_signature(public_key, message, other)) << i;
    }
    EXPECT_FALSE(verify_signature(public_key, "b checkpoint", signature));
    EXPECT_FALSE(verify_signature(public_key, message, signature.substr(1)));
    EXPECT_FALSE(verify_signature(public_key.substr(1), message, signature));
    EXPECT_FALSE(SigningKey::from_seed("short"));
}

}  // namespace
}  // namespace pgmind::crypto
