#include "cluster/app/start_cluster.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cluster/tests/app/fakes.hpp"

namespace pgmind::cluster {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsSupersetOf;
using testing::Not;

class StartClusterTest : public testing::Test {
  protected:
    Result<StartedCluster> start(ClusterRequest request) {
        const StartPorts ports{directory_, instances_, catalog_, journal_, system_clock()};
        const Deadline deadline = Deadline::after(std::chrono::seconds(30));
        return async::run_blocking_loop(loop_, start_cluster(ports, request, deadline));
    }
    std::size_t position(const std::string& call) const {
        return static_cast<std::size_t>(std::find(calls_.begin(), calls_.end(), call) -
                                        calls_.begin());
    }

    boost::asio::io_context loop_;
    Calls calls_;
    Faults faults_;
    FakeDirectory directory_{calls_, faults_};
    FakeInstances instances_{loop_.get_executor(), calls_, faults_};
    FakeCatalog catalog_{calls_, faults_};
    FakeJournal journal_;
};

TEST_F(StartClusterTest, MakesANewCluster) {
    const auto cluster = start({1, 0, 0});
    ASSERT_TRUE(cluster) << cluster.error().detail;
    EXPECT_THAT(calls_,
                ElementsAre("claim", "find programs", "check", "stop orphan coordinator",
                            "stop orphan shard-1", "reserve coordinator", "reserve shard-1",
                            "prepare", "remove leftovers coordinator", "remove leftovers shard-1",
                            "initialise coordinator", "start coordinator", "install coordinator",
                            "initialise shard-1", "start shard-1", "install shard-1",
                            "register shards", "mark complete"));
    EXPECT_EQ(cluster->nodes[0].port, 50'000);
    EXPECT_EQ(cluster->manifest.coordinator_port, 0) << "what was asked for is what is kept";
    EXPECT_EQ(cluster->map.shards().size(), 1U);
    EXPECT_EQ(cluster->vectors.size(), 1U) << "the coordinator has none";
    EXPECT_EQ(cluster->vectors.at("shard-1").at("project"), VectorExtension::pgvector);
    EXPECT_TRUE(directory_.manifest->complete);
    EXPECT_EQ(directory_.manifest->postgres_major, 15);
}

TEST_F(StartClusterTest, ChangesNothingBeforeEverythingWasChecked) {
    for (const char* step :
         {"claim", "find programs", "check", "stop orphan shard-1", "reserve shard-2"}) {
        calls_.clear();
        faults_.fail_at(step);
        const auto cluster = start({2, {}, {}});
        faults_.heal(step);
        ASSERT_FALSE(cluster) << step;
        EXPECT_EQ(cluster.error().detail, std::string("fault at ") + step);
        EXPECT_THAT(calls_, Not(Contains("prepare"))) << step;
    }
    EXPECT_FALSE(start({0, {}, {}}));
}

TEST_F(StartClusterTest, StopsEverythingWhenOneNodeFails) {
    for (const char* step : {"initialise shard-1", "start shard-2", "install coordinator",
                             "register shards", "mark complete"}) {
        directory_.manifest.reset();
        calls_.clear();
        faults_.fail_at(step);
        const auto cluster = start({2, {}, {}});
        faults_.heal(step);
        ASSERT_FALSE(cluster) << step;
        EXPECT_EQ(cluster.error().detail, std::string("fault at ") + step);
        EXPECT_THAT(instances_.running, testing::IsEmpty()) << step;
        EXPECT_THAT(calls_, IsSupersetOf({"stop coordinator", "stop shard-1", "stop shard-2"}));
    }
}

TEST_F(StartClusterTest, SaysWhatWentWrongRatherThanThatTheRestWasCancelled) {
    faults_.fail_at("start coordinator", Errc::cancelled);
    faults_.fail_at("start shard-1", Errc::disk_full);
    const auto cluster = start({1, {}, {}});
    ASSERT_FALSE(cluster);
    EXPECT_EQ(cluster.error().code, Errc::disk_full);
}

TEST_F(StartClusterTest, LeftoversThatCannotBeRemovedAreToldAndStandInNobodysWay) {
    faults_.fail_at("remove leftovers shard-1");
    ASSERT_TRUE(start({1, {}, {}}));
    EXPECT_THAT(journal_.lines, Contains("shard-1 fault at remove leftovers shard-1"));
}

TEST_F(StartClusterTest, AnUnfinishedFirstStartIsContinued) {
    faults_.fail_at("start shard-1");
    ASSERT_FALSE(start({1, {}, {}}));
    const std::string id = directory_.manifest->cluster_id;
    EXPECT_FALSE(directory_.manifest->complete);
    faults_.heal("start shard-1");
    const auto cluster = start({});
    ASSERT_TRUE(cluster);
    EXPECT_EQ(cluster->manifest.cluster_id, id);
    EXPECT_TRUE(cluster->manifest.complete);
    calls_.clear();
    ASSERT_TRUE(start({}));
    EXPECT_THAT(calls_, Not(Contains("mark complete")));
}

}  // namespace
}  // namespace pgmind::cluster
