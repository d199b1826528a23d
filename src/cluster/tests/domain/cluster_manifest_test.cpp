#include "cluster/domain/cluster_manifest.hpp"

#include <gtest/gtest.h>

#include "base/ids.hpp"
#include "cluster/api/errors.hpp"

namespace pgmind::cluster {
namespace {

constexpr WallTime kNow{std::chrono::seconds(1'800'000'000)};

TEST(ClusterManifest, OfANewClusterTakesTheDefaults) {
    const auto manifest = new_manifest({}, 15, kNow);
    ASSERT_TRUE(manifest);
    EXPECT_TRUE(is_uuid(manifest->cluster_id));
    EXPECT_EQ(manifest->created, kNow);
    EXPECT_EQ(manifest->postgres_major, 15);
    const std::vector<Node> expected{{"coordinator", NodeRole::coordinator, 7440},
                                     {"shard-1", NodeRole::shard, 7441},
                                     {"shard-2", NodeRole::shard, 7442}};
    EXPECT_EQ(manifest->nodes(), expected);
}

TEST(ClusterManifest, PortZeroStaysZeroForEveryNode) {
    const auto manifest = new_manifest({3, 0, 0}, 15, kNow);
    ASSERT_TRUE(manifest);
    for (const Node& node : manifest->nodes()) {
        EXPECT_EQ(node.port, 0) << node.name;
    }
}

TEST(ClusterManifest, RefusesWhatCannotBe) {
    struct Case {
        ClusterRequest request;
        const char* field;
    };
    for (const Case& test :
         {Case{{0, {}, {}}, "shards"}, Case{{65, {}, {}}, "shards"},
          Case{{2, {}, 65535}, "shard_port"}, Case{{2, 7442, {}}, "coordinator_port"},
          Case{{2, 8000, 8000}, "coordinator_port"}}) {
        const auto refused = new_manifest(test.request, 15, kNow);
        ASSERT_FALSE(refused) << test.field;
        EXPECT_EQ(refused.error().code, Errc::invalid_request);
        EXPECT_EQ(refused.error().field, test.field);
    }
    EXPECT_TRUE(new_manifest({64, {}, 65472}, 15, kNow));
    EXPECT_TRUE(new_manifest({2, 7443, 7441}, 15, kNow));
}

TEST(ClusterManifest, KeepsWhatWasNotAskedFor) {
    const ClusterManifest existing = new_manifest({3, 8000, 8001}, 15, kNow).value();
    EXPECT_EQ(reconciled_manifest(existing, {}).value(), existing);
    EXPECT_EQ(reconciled_manifest(existing, {3, {}, {}}).value(), existing);
    const auto moved = reconciled_manifest(existing, {{}, 9000, {}});
    ASSERT_TRUE(moved);
    EXPECT_EQ(moved->coordinator_port, 9000);
    EXPECT_EQ(moved->shard_port, 8001);
    EXPECT_EQ(moved->cluster_id, existing.cluster_id);
}

TEST(ClusterManifest, RefusesAnotherNumberOfShards) {
    const ClusterManifest existing = new_manifest({3, {}, {}}, 15, kNow).value();
    for (const std::size_t shards : {2U, 4U}) {
        const auto refused = reconciled_manifest(existing, {shards, {}, {}});
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().field, "shards");
        EXPECT_NE(refused.error().detail.find("has 3 shards, not " + std::to_string(shards)),
                  std::string::npos);
    }
}

TEST(ClusterManifest, RefusesANewerFormatAndNonsense) {
    ClusterManifest existing = new_manifest({}, 15, kNow).value();
    existing.format = 2;
    EXPECT_EQ(reconciled_manifest(existing, {}).error().code, Errc::version_mismatch);
    existing.format = 0;
    EXPECT_EQ(reconciled_manifest(existing, {}).error().code, Errc::broken_state);
    existing.format = 1;
    existing.shards = 0;
    EXPECT_EQ(reconciled_manifest(existing, {}).error().code, Errc::broken_state);
    existing.shards = 2;
    EXPECT_EQ(reconciled_manifest(existing, {{}, 7441, {}}).error().field, "coordinator_port");
}

TEST(ClusterManifest, OfServersThatOthersRunStaysSo) {
    const ClusterManifest attached = new_manifest({2, 0, 0, true}, 16, kNow).value();
    EXPECT_TRUE(attached.attached);
    EXPECT_EQ(reconciled_manifest(attached, {2, 0, 0, true}).value(), attached);
    EXPECT_EQ(reconciled_manifest(attached, {}).error().code, Errc::invalid_request);
    const ClusterManifest own = new_manifest({}, 16, kNow).value();
    EXPECT_EQ(reconciled_manifest(own, {2, 0, 0, true}).error().field, "data");
}

}  // namespace
}  // namespace pgmind::cluster
