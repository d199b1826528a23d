#include "security/domain/failure_limiter.hpp"

#include <gtest/gtest.h>

namespace pgmind::security {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const SteadyTime kStart = SteadyTime(std::chrono::hours(1));

TEST(FailureLimiter, WritesAFewASecondAndCountsTheRest) {
    FailureLimiter limiter({.per_address_per_second = 3, .total_per_second = 100});
    std::size_t written = 0;
    for (int i = 0; i < 50; ++i) {
        written += limiter.admit("1.2.3.4", kStart + milliseconds(i)) ? 1u : 0u;
    }
    EXPECT_EQ(written, 3u);
    EXPECT_TRUE(limiter.admit("5.6.7.8", kStart + milliseconds(60)));
    EXPECT_TRUE(limiter.admit("1.2.3.4", kStart + seconds(1)));
    EXPECT_TRUE(limiter.take_due(kStart + seconds(9)).empty());
    const auto due = limiter.take_due(kStart + seconds(11));
    ASSERT_EQ(due.size(), 1u);
    EXPECT_EQ(due[0].remote_address, "1.2.3.4");
    EXPECT_EQ(due[0].count, 47u);
    EXPECT_TRUE(limiter.take_due(kStart + seconds(60)).empty());
}

TEST(FailureLimiter, BoundsTheSumOfAllAddresses) {
    FailureLimiter limiter(
        {.per_address_per_second = 3, .total_per_second = 10, .addresses_max = 1'000});
    std::size_t written = 0;
    for (int i = 0; i < 500; ++i) {
        written += limiter.admit("address " + std::to_string(i), kStart) ? 1u : 0u;
    }
    EXPECT_EQ(written, 10u);
    std::uint64_t counted = 0;
    for (const auto& summary : limiter.take_due(SteadyTime::max())) {
        counted += summary.count;
    }
    EXPECT_EQ(counted, 490u);
}

TEST(FailureLimiter, BoundsTheAddressesThatItRemembers) {
    FailureLimiter limiter(
        {.per_address_per_second = 1, .total_per_second = 1, .addresses_max = 8});
    for (int i = 0; i < 1'000; ++i) {
        limiter.admit("address " + std::to_string(i), kStart);
    }
    const auto due = limiter.take_due(SteadyTime::max());
    EXPECT_LE(due.size(), 9u);
    std::uint64_t counted = 0;
    bool shared = false;
    for (const auto& summary : due) {
        counted += summary.count;
        shared = shared || summary.remote_address.empty();
    }
    EXPECT_EQ(counted, 999u);
    EXPECT_TRUE(shared);
    // Addresses that were told and are quiet give their place to others.
    EXPECT_TRUE(limiter.admit("new", kStart + seconds(5)));
    EXPECT_FALSE(limiter.admit("new", kStart + seconds(5)));
    EXPECT_EQ(limiter.take_due(SteadyTime::max()).at(0).remote_address, "new");
}

}  // namespace
}  // namespace pgmind::security
