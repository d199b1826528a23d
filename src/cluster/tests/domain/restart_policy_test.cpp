#include "cluster/domain/restart_policy.hpp"

#include <gtest/gtest.h>

namespace pgmind::cluster {
namespace {

using std::chrono::milliseconds;

class RestartPolicyTest : public testing::Test {
  protected:
    SteadyTime at(int ms) const { return SteadyTime(milliseconds(ms)); }
    RestartPolicy policy_{RestartLimits{milliseconds(100), milliseconds(1000), milliseconds(5000),
                                        6, milliseconds(60'000)}};
};

TEST_F(RestartPolicyTest, DelaysDoubleUpToTheMaximum) {
    for (const int expected : {100, 200, 400, 800, 1000, 1000}) {
        EXPECT_EQ(policy_.failed(at(0)), milliseconds(expected));
    }
}

TEST_F(RestartPolicyTest, AStableRunBeginsAnew) {
    policy_.failed(at(0));
    policy_.failed(at(10));
    policy_.started(at(20));
    EXPECT_EQ(policy_.failed(at(4000)), milliseconds(400)) << "ran too short";
    policy_.started(at(5000));
    EXPECT_EQ(policy_.failed(at(10'000)), milliseconds(100)) << "ran long enough";
}

TEST_F(RestartPolicyTest, AFailedStartIsNoStableRun) {
    policy_.started(at(0));
    policy_.failed(at(6000));
    EXPECT_EQ(policy_.failed(at(20'000)), milliseconds(200));
}

TEST_F(RestartPolicyTest, GivesUpAfterTooManyInTheWindow) {
    for (int i = 0; i < 6; ++i) {
        EXPECT_TRUE(policy_.failed(at(i * 1000)));
    }
    EXPECT_FALSE(policy_.failed(at(6000)));
}

TEST_F(RestartPolicyTest, ForgetsFailuresBeforeTheWindow) {
    for (int i = 0; i < 6; ++i) {
        policy_.failed(at(i));
    }
    EXPECT_TRUE(policy_.failed(at(60'010)));
    EXPECT_EQ(policy_.failures_in_window(), 1U);
}

}  // namespace
}  // namespace pgmind::cluster
