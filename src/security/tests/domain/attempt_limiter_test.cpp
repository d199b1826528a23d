#include "security/domain/attempt_limiter.hpp"

#include <gtest/gtest.h>

namespace pgmind::security {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const SteadyTime kBegin = SteadyTime(seconds(1'000));

TEST(AttemptLimiter, LetsABurstPassAndThenOneAtATime) {
    AttemptLimiter limiter({.burst = 3, .per_second = 0.5});
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(limiter.admit("192.0.2.1", kBegin), milliseconds(0));
    }
    EXPECT_EQ(limiter.admit("192.0.2.1", kBegin), milliseconds(2'000));
    EXPECT_EQ(limiter.admit("192.0.2.1", kBegin + milliseconds(1'500)), milliseconds(500));
    EXPECT_EQ(limiter.admit("192.0.2.1", kBegin + seconds(2)), milliseconds(0));
    EXPECT_GT(limiter.admit("192.0.2.1", kBegin + seconds(2)), milliseconds(0));
    EXPECT_EQ(limiter.admit("192.0.2.2", kBegin), milliseconds(0)) << "others do not wait";
}

TEST(AttemptLimiter, BoundsAllAddressesTogether) {
    AttemptLimiter limiter({.total_burst = 5, .total_per_second = 10});
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(limiter.admit("192.0.2." + std::to_string(i), kBegin), milliseconds(0));
    }
    EXPECT_EQ(limiter.admit("192.0.2.9", kBegin), milliseconds(100));
}

TEST(AttemptLimiter, KeepsABoundedNumberOfAddresses) {
    AttemptLimiter limiter({.burst = 2, .per_second = 1, .total_burst = 1'000, .addresses_max = 2});
    EXPECT_EQ(limiter.admit("a", kBegin), milliseconds(0));
    EXPECT_EQ(limiter.admit("b", kBegin), milliseconds(0));
    // Those beyond share one bucket.
    EXPECT_EQ(limiter.admit("c", kBegin), milliseconds(0));
    EXPECT_EQ(limiter.admit("d", kBegin), milliseconds(0));
    EXPECT_GT(limiter.admit("e", kBegin), milliseconds(0));
    // Full buckets make room again.
    EXPECT_EQ(limiter.admit("e", kBegin + seconds(10)), milliseconds(0));
    EXPECT_EQ(limiter.admit("e", kBegin + seconds(10)), milliseconds(0));
}

TEST(AttemptLimiter, CountsAnIpv6CustomerAsOne) {
    EXPECT_EQ(counted_address("192.0.2.1"), "192.0.2.1");
    EXPECT_EQ(counted_address("::ffff:192.0.2.1"), "192.0.2.1");
    const std::string network = "2001:db8:1:2::/64";
    EXPECT_EQ(counted_address("2001:db8:1:2:3:4:5:6"), network);
    EXPECT_EQ(counted_address("2001:0db8:1:2::9"), network);
    EXPECT_EQ(counted_address("2001:db8:1:2::"), network);
    EXPECT_EQ(counted_address("2001:db8::1"), "2001:db8:0:0::/64");
    EXPECT_EQ(counted_address("::1:2:3:4:5:6"), "0:0:1:2::/64");
    EXPECT_EQ(counted_address("fe80::1%eth0"), "fe80:0:0:0::/64");
    EXPECT_EQ(counted_address("::1"), "0:0:0:0::/64");
    // What is no address counts as it is.
    EXPECT_EQ(counted_address("1:2:3:4:5:6:7:8:9"), "1:2:3:4:5:6:7:8:9");
    EXPECT_EQ(counted_address(""), "");
}

}  // namespace
}  // namespace pgmind::security
