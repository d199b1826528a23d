#include "security/app/rate_limiter.hpp"

#include <thread>

#include <gtest/gtest.h>

namespace pgmind::security {
namespace {

class StillClock final : public Clock {
  public:
    WallTime now() const override { return WallTime(std::chrono::hours(490'000)); }
    SteadyTime steady_now() const override { return at; }
    SteadyTime at{std::chrono::hours(1)};
};

Principal principal(const std::string& name, std::vector<Grant> grants = {}) {
    Principal made;
    made.id = PrincipalId("id-" + name);
    made.name = name;
    made.grants = std::move(grants);
    return made;
}

Grant limited(std::optional<std::uint32_t> rate, std::optional<std::uint32_t> concurrency) {
    Grant grant{Role::readonly, "*"};
    grant.requests_per_second = rate;
    grant.concurrency_max = concurrency;
    return grant;
}

class RateLimiterTest : public ::testing::Test {
  protected:
    int admitted(RateLimiter& limiter, const Principal& who, int tries) {
        int count = 0;
        for (int i = 0; i < tries; ++i) {
            count += limiter.admit_principal(who).refusal ? 0 : 1;
        }
        return count;
    }

    RateLimits limits_{100, 10, 50, 2, 20, 1'000};
    StillClock clock_;
    RateLimiter limiter_{limits_, clock_};
};

TEST_F(RateLimiterTest, RefusesWithTheTimeToComeAgain) {
    const Principal bot = principal("bot");
    EXPECT_EQ(admitted(limiter_, bot, 1'000), 200);
    const Admittance refused = limiter_.admit_principal(bot);
    ASSERT_TRUE(refused.refusal);
    EXPECT_TRUE(refused.refusal->is(Failure::resource_exhausted));
    EXPECT_EQ(refused.refusal->retry_after, std::chrono::milliseconds(10));
    EXPECT_EQ(refused.permit, nullptr);
    ASSERT_TRUE(refused.rate);
    EXPECT_EQ(refused.rate->limit, 200u);
    EXPECT_EQ(refused.rate->remaining, 0u);
    EXPECT_EQ(refused.rate->reset, std::chrono::seconds(2));
    EXPECT_EQ(admitted(limiter_, principal("other"), 1), 1);
    EXPECT_EQ(limiter_.statistics().refused_principals, 801u);
}

TEST_F(RateLimiterTest, AddressesHaveARateOfTheirOwn) {
    int through = 0;
    for (int i = 0; i < 300; ++i) {
        // One customer's network counts as one address.
        through += limiter_.admit_address("2001:db8::" + std::to_string(i)).refusal ? 0 : 1;
    }
    EXPECT_EQ(through, 100);
    EXPECT_FALSE(limiter_.admit_address("192.0.2.1").refusal);
    EXPECT_FALSE(limiter_.admit_address("").refusal) << "work of the gateway itself";
    EXPECT_EQ(limiter_.statistics().refused_addresses, 200u);
}

TEST_F(RateLimiterTest, TheSmallestGrantThatCountsSetsTheLimits) {
    Grant expired = limited(1, 1);
    expired.expires_at = clock_.now();
    const Principal guest =
        principal("guest", {limited(30, {}), limited(20, 3), expired, {Role::readonly, "x"}});
    EXPECT_EQ(limiter_.admit_principal(guest).rate->limit, 40u);
    std::vector<Admittance> running;
    for (int i = 0; i < 5; ++i) {
        running.push_back(limiter_.admit_principal(guest));
    }
    EXPECT_FALSE(running[2].refusal);
    ASSERT_TRUE(running[3].refusal);
    EXPECT_TRUE(running[3].refusal->is(Failure::resource_exhausted));
    running.erase(running.begin());
    EXPECT_FALSE(limiter_.admit_principal(guest).refusal) << "a permit that goes makes room";
}

TEST_F(RateLimiterTest, WhoFloodsLeavesRoomForTheOthers) {
    const RateLimits limits{0, 0, 0, 2, 20, 1'000};
    RateLimiter limiter(limits, clock_);
    std::vector<Admittance> flood;
    std::size_t through = 0;
    for (int i = 0; i < 100; ++i) {
        flood.push_back(limiter.admit_principal(principal("loud")));
        through += flood.back().refusal ? 0 : 1;
    }
    EXPECT_EQ(through, 20u) << "alone it may take all";
    std::erase_if(flood, [](const Admittance& each) { return each.refusal.has_value(); });
    flood.resize(15);
    std::vector<Admittance> others;
    for (int i = 0; i < 4; ++i) {
        others.push_back(limiter.admit_principal(principal("quiet " + std::to_string(i))));
        EXPECT_FALSE(others.back().refusal);
        EXPECT_TRUE(limiter.admit_principal(principal("loud")).refusal)
            << "more than an even share of what is scarce";
    }
    flood.resize(3);
    EXPECT_FALSE(limiter.admit_principal(principal("loud")).refusal);
}

TEST_F(RateLimiterTest, AFullGatewaySaysSo) {
    const RateLimits limits{0, 0, 0, 2, 2, 1'000};
    RateLimiter limiter(limits, clock_);
    const Admittance first = limiter.admit_principal(principal("a"));
    const Admittance second = limiter.admit_principal(principal("b"));
    const Admittance third = limiter.admit_principal(principal("c"));
    ASSERT_TRUE(third.refusal);
    EXPECT_TRUE(third.refusal->is(Failure::unavailable));
}

TEST_F(RateLimiterTest, WhatOneGatewayTellsAnotherCharges) {
    RateLimiter other(limits_, clock_);
    const Principal bot = principal("bot");
    EXPECT_EQ(admitted(limiter_, bot, 150), 150);
    const std::string usage = limiter_.take_usage(std::chrono::milliseconds(500), 7'000);
    EXPECT_EQ(usage, "pid-bot 150\n");
    other.charge(usage);
    EXPECT_EQ(admitted(other, bot, 150), 50);
    other.charge("nonsense\npid-bot x\n 7\npid-bot 99999999999999999999\npid-bot -1\n\n");
    clock_.at += std::chrono::milliseconds(100);
    EXPECT_EQ(admitted(other, bot, 150), 10);
}

TEST_F(RateLimiterTest, TellsTheLargestWithinItsMessage) {
    for (int i = 1; i <= 30; ++i) {
        admitted(limiter_, principal("bot-" + std::to_string(i)), 10 + i);
    }
    const std::string usage = limiter_.take_usage(std::chrono::milliseconds(500), 60);
    EXPECT_LE(usage.size(), 60u);
    EXPECT_TRUE(usage.starts_with("pid-bot-30 40\npid-bot-29 39\n")) << usage;
}

TEST_F(RateLimiterTest, ManyThreadsCountTogether) {
    std::vector<std::thread> threads;
    std::atomic<int> through{0};
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] { through += admitted(limiter_, principal("bot"), 500); });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(through, 200);
    std::vector<Admittance> running;
    clock_.at += std::chrono::seconds(10);
    for (int i = 0; i < 10; ++i) {
        running.push_back(limiter_.admit_principal(principal("bot")));
        EXPECT_FALSE(running.back().refusal) << "nothing was left running";
    }
}

}  // namespace
}  // namespace pgmind::security
