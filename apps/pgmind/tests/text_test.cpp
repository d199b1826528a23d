#include "output/text.hpp"

#include <gtest/gtest.h>

namespace pgmind::app {
namespace {

TEST(Printable, KeepsOrdinaryTextOfAnyLanguage) {
    EXPECT_EQ(printable("Grüße, 世界 🙂"), "Grüße, 世界 🙂");
}

TEST(Printable, TakesFromATextWhatSteersTerminals) {
    EXPECT_EQ(printable("a\x1b[31mb\nc\x7f"), "a [31mb c ");
    EXPECT_EQ(printable("a\xc2\x9b"
                        "31m"),
              "a 31m");
    // A mark that turns the direction of writing.
    EXPECT_EQ(printable("a\xe2\x80\xae"
                        "b"),
              "a b");
}

TEST(Printable, ReplacesBytesThatAreNotUtf8) {
    EXPECT_EQ(printable("a\xff\xc3"), "a\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(DisplayWidth, CountsColumnsNotBytes) {
    EXPECT_EQ(display_width("abc"), 3U);
    EXPECT_EQ(display_width("äöü"), 3U);
    EXPECT_EQ(display_width("世界"), 4U);
    EXPECT_EQ(display_width("e\xcc\x81"), 1U);
}

TEST(CutToWidth, CutsBetweenCharactersAndSaysSo) {
    EXPECT_EQ(cut_to_width("abc", 3), "abc");
    EXPECT_EQ(cut_to_width("abcd", 3), "ab…");
    EXPECT_EQ(cut_to_width("世界人", 4), "世…");
    EXPECT_EQ(cut_to_width("äöüß", 2), "ä…");
}

TEST(HumanBytes, UsesPowersOfAThousand) {
    EXPECT_EQ(human_bytes(0), "0 B");
    EXPECT_EQ(human_bytes(999), "999 B");
    EXPECT_EQ(human_bytes(1'000), "1.0 kB");
    EXPECT_EQ(human_bytes(12'345'678), "12 MB");
    EXPECT_EQ(human_bytes(999'999), "1.0 MB");
    EXPECT_EQ(human_bytes(INT64_MAX), "9.2 EB");
}

TEST(HumanCount, GroupsDigitsByThree) {
    EXPECT_EQ(human_count(7), "7");
    EXPECT_EQ(human_count(999), "999");
    EXPECT_EQ(human_count(63'412), "63,412");
    EXPECT_EQ(human_count(-1'234'567), "-1,234,567");
    EXPECT_EQ(human_count(-123), "-123");
    EXPECT_EQ(human_count(1, "entry", "entries"), "1 entry");
    EXPECT_EQ(human_count(0, "entry", "entries"), "0 entries");
}

TEST(HumanDuration, ChoosesAUnit) {
    EXPECT_EQ(human_duration(850), "850 µs");
    EXPECT_EQ(human_duration(1'250), "1.2 ms");
    EXPECT_EQ(human_duration(12'300), "12 ms");
    EXPECT_EQ(human_duration(2'500'000), "2.5 s");
    EXPECT_EQ(human_duration(999'900), "1.0 s");
}

TEST(HumanTime, IsShortForTimesAndLeavesOtherTexts) {
    EXPECT_EQ(human_time("2026-11-23T12:00:01.000123Z"), "2026-11-23 12:00:01");
    EXPECT_EQ(human_time(""), "");
    EXPECT_EQ(human_time("some words that are long enough"), "some words that are long enough");
}

}  // namespace
}  // namespace pgmind::app
