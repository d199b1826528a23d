#include "memory/domain/sealed_entry.hpp"

#include <gtest/gtest.h>

namespace pgmind::memory {
namespace {

TEST(sealed_entry, gives_back_what_was_packed) {
    for (const SealedContent& content :
         {SealedContent{"1", std::nullopt, "{}"}, SealedContent{R"({"a":1})", "", R"({"b":2})"},
          SealedContent{std::string(300, ' '), "words", "{}"}}) {
        const auto unpacked = unpack(pack(content));
        ASSERT_TRUE(unpacked);
        EXPECT_EQ(unpacked->value_json, content.value_json);
        EXPECT_EQ(unpacked->text, content.text);
        EXPECT_EQ(unpacked->metadata_json, content.metadata_json);
    }
}

TEST(sealed_entry, refuses_what_was_cut_or_is_longer) {
    const std::string packed = pack({"[1, 2]", "text", "{}"});
    for (std::size_t size = 0; size < packed.size(); ++size) {
        EXPECT_FALSE(unpack(packed.substr(0, size))) << size;
    }
    EXPECT_FALSE(unpack(packed + "x"));
    EXPECT_FALSE(unpack(std::string("\2") + packed.substr(1)));
}

TEST(sealed_entry, is_known_by_the_one_member_of_its_value) {
    EXPECT_EQ(sealed_in(sealed_value("AQAA", "")), "AQAA");
    EXPECT_EQ(sealed_in(R"({"$sealed": "AQAA", "more": "x"})"), std::nullopt);
    EXPECT_EQ(sealed_in(R"({"$sealed": 1})"), std::nullopt);
    EXPECT_EQ(sealed_in(R"("$sealed")"), std::nullopt);
    EXPECT_EQ(sealed_in(""), std::nullopt);
    EXPECT_NE(sealed_value("AQAA", "f0").find("$fingerprint"), std::string::npos);
}

TEST(sealed_entry, has_no_blanks_between_the_parts_of_its_json) {
    EXPECT_EQ(compact_json("{ \"a b\" : [ 1,\n 2 ],\t\"c\\\" d\":\"\\\\\" }\r\n"),
              R"({"a b":[1,2],"c\" d":"\\"})");
}

}  // namespace
}  // namespace pgmind::memory
