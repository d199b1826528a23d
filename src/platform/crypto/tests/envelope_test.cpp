#include "platform/crypto/envelope.hpp"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "platform/crypto/crypto.hpp"

namespace pgmind::crypto {
namespace {

constexpr EnvelopePlace kPlace{"memory_entries", "value", "first", "notes"};

std::string bytes_of(const std::string& field) {
    return field == "-" ? std::string() : from_hex(field).value();
}

TEST(AeadKey, AgreesWithEveryPublishedVector) {
    std::ifstream file(PGMIND_AES_GCM_VECTORS);
    std::string line;
    int valid = 0;
    int invalid = 0;
    while (std::getline(file, line)) {
        if (line.starts_with('#')) {
            continue;
        }
        std::istringstream fields(line);
        std::string id, result, key_text, iv, aad, message, ciphertext, tag;
        fields >> id >> result >> key_text >> iv >> aad >> message >> ciphertext >> tag;
        const auto key = AeadKey::from_bytes(bytes_of(key_text));
        ASSERT_TRUE(key) << id;
        const std::string sealed = bytes_of(iv) + bytes_of(ciphertext) + bytes_of(tag);
        const auto opened = key->open(sealed, bytes_of(aad));
        if (result == "valid") {
            ++valid;
            ASSERT_TRUE(opened) << id;
            EXPECT_EQ(*opened, bytes_of(message)) << id;
            EXPECT_EQ(seal_with_nonce(*key, bytes_of(iv), bytes_of(message), bytes_of(aad)), sealed)
                << id;
        } else {
            ++invalid;
            EXPECT_FALSE(opened) << id;
        }
    }
    EXPECT_EQ(valid, 39);
    EXPECT_EQ(invalid, 27);
}

TEST(AeadKey, HasExactly32Bytes) {
    EXPECT_FALSE(AeadKey::from_bytes(std::string(31, 'k')));
    EXPECT_FALSE(AeadKey::from_bytes(std::string(33, 'k')));
    EXPECT_FALSE(AeadKey::from_bytes(""));
}

TEST(AeadKey, NeverSealsTwiceAlike) {
    const AeadKey key = AeadKey::random();
    EXPECT_NE(key.seal("same", ""), key.seal("same", ""));
    EXPECT_FALSE(key.open(std::string(27, '\0'), ""));
}

TEST(Envelope, GivesBackWhatWasSealedAndNamesItsKeys) {
    const AeadKey key = AeadKey::random();
    for (const std::string& plain : {std::string(), std::string("{}"), std::string(1 << 20, 'x')}) {
        const std::string envelope = seal_envelope(key, {7, 0x01020304}, plain, kPlace);
        EXPECT_EQ(envelope.size(), plain.size() + kEnvelopeOverhead);
        EXPECT_EQ(keys_of(envelope).value(), (EnvelopeKeys{7, 0x01020304}));
        EXPECT_EQ(open_envelope(key, envelope, kPlace).value(), plain);
    }
}

TEST(Envelope, DoesNotOpenWithOneBitChanged) {
    const AeadKey key = AeadKey::random();
    const std::string envelope = seal_envelope(key, {1, 2}, "secret", kPlace);
    for (std::size_t bit = 0; bit < envelope.size() * 8; ++bit) {
        std::string changed = envelope;
        changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
        EXPECT_FALSE(open_envelope(key, changed, kPlace)) << bit;
    }
    for (std::size_t size = 0; size < envelope.size(); ++size) {
        EXPECT_FALSE(open_envelope(key, envelope.substr(0, size), kPlace)) << size;
    }
    EXPECT_FALSE(open_envelope(AeadKey::random(), envelope, kPlace));
}

TEST(Envelope, DoesNotOpenInAnotherPlace) {
    const AeadKey key = AeadKey::random();
    const std::string envelope = seal_envelope(key, {1, 2}, "secret", kPlace);
    for (const EnvelopePlace& other :
         {EnvelopePlace{"memory_entrie", "svalue", "first", "notes"},
          EnvelopePlace{"memory_entries", "text", "first", "notes"},
          EnvelopePlace{"memory_entries", "value", "second", "notes"},
          EnvelopePlace{"memory_entries", "value", "firstn", "otes"},
          EnvelopePlace{"memory_entries", "value", "first", "other"}}) {
        const auto opened = open_envelope(key, envelope, other);
        ASSERT_FALSE(opened);
        EXPECT_EQ(opened.error().detail.find("secret"), std::string::npos);
    }
}

TEST(Envelope, WrapsKeys) {
    const AeadKey wrapping = AeadKey::random();
    const AeadKey data = AeadKey::random();
    const EnvelopePlace place{"data_keys", "wrapped", "4", "notes"};
    const std::string wrapped = wrap_key(wrapping, {1, 4}, data, place);
    const auto unwrapped = unwrap_key(wrapping, wrapped, place);
    ASSERT_TRUE(unwrapped);
    EXPECT_EQ(unwrapped->open(data.seal("message", "a"), "a"), "message");
    EXPECT_FALSE(unwrap_key(AeadKey::random(), wrapped, place));
    EXPECT_FALSE(unwrap_key(wrapping, wrapped, {"data_keys", "wrapped", "5", "notes"}));
}

}  // namespace
}  // namespace pgmind::crypto
