#include "base/text.hpp"

#include <gtest/gtest.h>

namespace pgmind {
namespace {

TEST(Utf8, AcceptsWellFormedAndRejectsTheRest) {
    for (const char* good : {"", "abc", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"}) {
        EXPECT_TRUE(is_utf8(good)) << good;
    }
    for (const char* bad : {"\x80", "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                            "\xf0\x9f\x98", "\xc3"}) {
        EXPECT_FALSE(is_utf8(bad));
    }
}

TEST(Pattern, StarStandsForAnyRun) {
    EXPECT_TRUE(matches_pattern("*", "anything"));
    EXPECT_TRUE(matches_pattern("agent-*", "agent-7"));
    EXPECT_TRUE(matches_pattern("a*c*e", "abcde"));
    EXPECT_TRUE(matches_pattern("exact", "exact"));
    EXPECT_FALSE(matches_pattern("agent-*", "agent"));
    EXPECT_FALSE(matches_pattern("", "x"));
    EXPECT_FALSE(matches_pattern("a*c", "abd"));
}

TEST(Truncate, NeverCutsACharacter) {
    EXPECT_EQ(truncate_utf8("a\xe2\x82\xac", 3), "a");
    EXPECT_EQ(truncate_utf8("abc", 3), "abc");
}

}  // namespace
}  // namespace pgmind
