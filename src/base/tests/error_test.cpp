#include <gtest/gtest.h>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace pgmind {
namespace {

TEST(Error, MapsItsCodeToAFailure) {
    const Error error = invalid_argument("limit", "limit is 1 to 1000");
    EXPECT_EQ(error.failure(), Failure::invalid_argument);
    EXPECT_EQ(error.field, "limit");
    EXPECT_EQ(name_of(error.failure()), "invalid_argument");
    EXPECT_TRUE(error.code == Failure::invalid_argument);
}

TEST(Error, OfAForeignCategoryIsInternal) {
    const Error error(std::make_error_code(std::errc::io_error), "disk");
    EXPECT_EQ(error.failure(), Failure::internal);
}

TEST(Time, RoundTripsThroughRfc3339) {
    const auto parsed = parse_time("2026-11-23T11:32:19.000123Z");
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(format_time(*parsed), "2026-11-23T11:32:19.000123Z");
}

TEST(Time, AppliesOffsetsAndKeepsMicroseconds) {
    const auto parsed = parse_time("2026-01-01T00:30:00.123456789+01:00");
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(format_time(*parsed), "2025-12-31T23:30:00.123456Z");
}

TEST(Time, RejectsWhatIsNotATime) {
    for (const char* text :
         {"", "2026-11-23", "2026-02-30T00:00:00Z", "2026-11-23T25:00:00Z", "2026-11-23T11:32:19",
          "2026-11-23T11:32:19.Z", "x", "2026-11-23T11:32:19+1:00"}) {
        EXPECT_FALSE(parse_time(text).has_value()) << text;
    }
}

}  // namespace
}  // namespace pgmind
