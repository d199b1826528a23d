#include "intelligence/api/rank_fusion.hpp"

#include <gtest/gtest.h>

namespace pgmind::intelligence {
namespace {

TEST(RankFusion, AddsReciprocalRanksByWeight) {
    const auto fused = fuse_rankings({{{"a", "b"}, 1.0}, {{"b", "c"}, 2.0}});
    ASSERT_EQ(fused.size(), 3u);
    EXPECT_EQ(fused[0].id, "b");
    EXPECT_DOUBLE_EQ(fused[0].score, 1.0 / 62 + 2.0 / 61);
    EXPECT_EQ(fused[1].id, "c");
    EXPECT_DOUBLE_EQ(fused[1].score, 2.0 / 62);
    EXPECT_EQ(fused[2].id, "a");
}

TEST(RankFusion, OrdersEqualScoresById) {
    const auto fused = fuse_rankings({{{"z"}, 1.0}, {{"a"}, 1.0}});
    EXPECT_EQ(fused[0].id, "a");
    EXPECT_EQ(fused[1].id, "z");
}

TEST(RankFusion, OfNothingIsNothing) {
    EXPECT_TRUE(fuse_rankings({}).empty());
}

}  // namespace
}  // namespace pgmind::intelligence
