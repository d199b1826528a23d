#include "integration/domain/header_value.hpp"

#include <gtest/gtest.h>

namespace pgmind::integration::mcp {
namespace {

TEST(HeaderValue, plain_text_means_itself) {
    EXPECT_EQ(decode_header_value("memory_store"), "memory_store");
    EXPECT_EQ(decode_header_value("=?base64?half"), "=?base64?half");
    EXPECT_EQ(decode_header_value(""), "");
}

TEST(HeaderValue, wrapped_text_must_be_strict_base64) {
    EXPECT_EQ(decode_header_value("=?base64?SGVsbG8=?="), "Hello");
    EXPECT_EQ(decode_header_value("=?base64?"
                                  "?="),
              "");
    for (const char* bad : {"=?base64?SGVsbG8?=", "=?base64?SGVs!!!bG8=?=", "=?base64?SGVsbG9=?=",
                            "=?base64?=SGV?=", "=?base64?A===?="}) {
        EXPECT_FALSE(decode_header_value(bad)) << bad;
    }
}

TEST(HeaderValue, whatever_is_encoded_decodes_to_the_same) {
    for (const std::string text :
         {"plain", " blanks ", "tab\t", "caf\xC3\xA9", "=?base64?SGVsbG8=?=", "", "a", "ab",
          "pgmind://namespaces/a%20b/entries/k"}) {
        const std::string field = encode_header_value(text);
        EXPECT_EQ(decode_header_value(field), text) << field;
    }
    EXPECT_EQ(encode_header_value("plain text"), "plain text");
}

TEST(HeaderValue, base64_of_the_rfc) {
    EXPECT_EQ(to_base64(""), "");
    EXPECT_EQ(to_base64("f"), "Zg==");
    EXPECT_EQ(to_base64("fo"), "Zm8=");
    EXPECT_EQ(to_base64("foo"), "Zm9v");
    EXPECT_EQ(to_base64("foob"), "Zm9vYg==");
    EXPECT_EQ(to_base64("\xFF\xFE"), "//4=");
}

}  // namespace
}  // namespace pgmind::integration::mcp
