#include "platform/crypto/crypto.hpp"

#include <set>

#include <gtest/gtest.h>

#include "platform/crypto/hmac_key.hpp"

namespace pgmind::crypto {
namespace {

std::string bytes_of(std::string_view hex) {
    return from_hex(hex).value();
}

struct HmacVector {
    std::string key;
    std::string message;
    std::string digest;
};

// RFC 4231, those whose key has at least 32 bytes (cases 6 and 7), and RFC 4868 section 2.7.2.1
// (AUTH256-1 and AUTH256-4: 32-byte keys).
TEST(HmacKey, GivesThePublishedDigests) {
    const std::vector<HmacVector> vectors = {
        {std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {std::string(131, '\xaa'),
         "This is a test using a larger than block-size key and a larger than block-size data. "
         "The key needs to be hashed before being used by the HMAC algorithm.",
         "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
        {std::string(32, '\x0b'), "Hi There",
         "198a607eb44bfbc69903a0f1cf2bbdc5ba0aa3f3d9ae3c1c7a3b1696a0b68cf7"},
        {bytes_of("0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"),
         std::string(50, '\xcd'),
         "372efcf9b40b35c2115b1346903d2ef42fced46f0846e7257bb156d3d7b30d3f"},
    };
    for (const HmacVector& vector : vectors) {
        const HmacKey key = HmacKey::from_bytes(vector.key).value();
        EXPECT_EQ(to_hex(key.sign(vector.message)), vector.digest);
        EXPECT_EQ(to_hex(key.sign(vector.message)), vector.digest) << "signing changed the key";
    }
}

TEST(HmacKey, RefusesAShortKey) {
    const auto key = HmacKey::from_bytes(std::string_view("too short"));
    ASSERT_FALSE(key.has_value());
    EXPECT_TRUE(key.error().is(Failure::invalid_argument));
}

TEST(Crypto, EqualSeesADifferenceInAnyByte) {
    Digest left{};
    EXPECT_TRUE(equal(left, left));
    for (std::size_t i = 0; i < left.size(); ++i) {
        Digest right = left;
        right[i] ^= 0x80;
        EXPECT_FALSE(equal(left, right));
    }
}

TEST(Crypto, RandomBytesDoNotRepeat) {
    std::set<Digest> seen;
    for (int i = 0; i < 100; ++i) {
        Digest bytes;
        fill_random(bytes);
        EXPECT_TRUE(seen.insert(bytes).second);
    }
}

TEST(Crypto, WipeEmptiesTheText) {
    std::string text = "a secret that is longer than the small string buffer";
    const char* memory = text.data();
    const std::size_t size = text.size();
    wipe(text);
    EXPECT_TRUE(text.empty());
    // The buffer is kept by the emptied string, so it may still be looked at.
    EXPECT_EQ(std::string_view(memory, size), std::string(size, '\0'));
}

TEST(Hex, RoundTripsAndIsStrict) {
    for (std::size_t size = 0; size < 40; ++size) {
        std::string bytes(size, '\0');
        fill_random(std::span(reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()));
        const std::string hex =
            to_hex(std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
        EXPECT_EQ(from_hex(hex), bytes);
    }
    EXPECT_EQ(from_hex("00Ff"), std::string("\0\xff", 2));
    for (const char* bad : {"0", "0g", "00 ", "0x00", " 00"}) {
        EXPECT_EQ(from_hex(bad), std::nullopt) << bad;
    }
}

// RFC 4648 section 10, in the URL-safe alphabet without padding.
TEST(Base64Url, GivesThePublishedTexts) {
    const std::vector<std::pair<std::string, std::string>> vectors = {
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff", "-_8"}};
    for (const auto& [bytes, text] : vectors) {
        EXPECT_EQ(to_base64url(std::string_view(bytes)), text);
        EXPECT_EQ(from_base64url(text), bytes);
    }
}

TEST(Base64Url, AcceptsOneTextOnlyForEachValue) {
    for (const char* bad : {"Zg==", "Zh", "Zm9", "Z", "Zm9v=", "+/8", "Zm 8", "Zm8\n", "Zm9vYg="}) {
        EXPECT_EQ(from_base64url(bad), std::nullopt) << bad;
    }
}

TEST(Base64url, HasNoCharactersButItsSixtyFour) {
    int accepted = 0;
    for (int byte = 0; byte < 256; ++byte) {
        const std::string text(4, static_cast<char>(byte));
        const auto decoded = from_base64url(text);
        accepted += decoded ? 1 : 0;
        EXPECT_TRUE(!decoded || to_base64url(*decoded) == text) << byte;
    }
    EXPECT_EQ(accepted, 64);
}

}  // namespace
}  // namespace pgmind::crypto
