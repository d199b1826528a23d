#include "cluster/app/supervision.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/when_all.hpp"
#include "cluster/tests/app/fakes.hpp"

namespace pgmind::cluster {
namespace {

using std::chrono::milliseconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

SupervisionTimes quick() {
    SupervisionTimes times;
    times.health_interval = milliseconds(5);
    times.restart.delay_min = milliseconds(1);
    times.restart.delay_max = milliseconds(2);
    times.restart.failures_max = 3;
    return times;
}

class SupervisionTest : public testing::Test {
  protected:
    SupervisionTest() {
        bus_.subscribe("test", 100, [this](const DomainEvent& event) {
            changes_.push_back(event.attributes[0].second + " " + event.attributes[1].second);
        });
        view_.set_nodes({coordinator_, shard_});
        view_.set_map(even_shard_map({ShardId("shard-1")}));
        for (const Node& node : {coordinator_, shard_}) {
            view_.node_started(node);
            instances_.running.insert(node.name);
            async::run_blocking_loop(loop_, check_node(supervision_, node));
        }
    }

    NodeStatus shard_status() const { return view_.status().nodes.at(1); }

    /// Runs the tasks of the shard until `done`, then stops them.
    template <class Done>
    void supervise_until(Done done) {
        async::spawn(loop_.get_executor(), supervise_node(supervision_, shard_));
        async::spawn(loop_.get_executor(), monitor_node(supervision_, shard_));
        const Deadline deadline = Deadline::after(std::chrono::seconds(30));
        loop_.restart();  // It has run out of work before.
        while (!done() && !deadline.passed()) {
            loop_.run_one();
        }
        EXPECT_TRUE(done());
        supervision_.request_stop();
        instances_.end("shard-1");
        loop_.run();  // Both tasks end, or this test hangs.
        bus_.drain();
    }

    boost::asio::io_context loop_;
    Calls calls_;
    Faults faults_;
    FakeInstances instances_{loop_.get_executor(), calls_, faults_};
    FakeCatalog catalog_{calls_, faults_};
    FakeProbe probe_{faults_};
    FakeJournal journal_;
    const Node coordinator_{"coordinator", NodeRole::coordinator, 7440};
    const Node shard_{"shard-1", NodeRole::shard, 7441};
    ClusterView view_{"1.0", system_clock()};
    std::vector<std::string> changes_;
    async::EventBus bus_;
    Supervision supervision_{
        loop_.get_executor(), instances_, catalog_, probe_, view_, journal_, &bus_,
        system_clock(),       quick()};
};

TEST_F(SupervisionTest, AnsweringNodesAreReady) {
    EXPECT_TRUE(view_.status().ready) << view_.status().problem;
    EXPECT_EQ(shard_status().slots, kSlotCount);
    bus_.drain();
    // The fake coordinator's map is version 0, so the newest is fetched.
    EXPECT_THAT(changes_, ElementsAre("coordinator up", "coordinator shard map", "shard-1 up"));
}

TEST_F(SupervisionTest, RestartsANodeThatEnded) {
    instances_.end("shard-1");
    supervise_until([&] { return shard_status().restarts == 1 && shard_status().healthy; });
    EXPECT_THAT(changes_, Contains("shard-1 down"));
    EXPECT_EQ(changes_.back(), "shard-1 restarted");
    EXPECT_THAT(journal_.lines, Contains("shard-1 exited with code 1; it will be started again"));
}

TEST_F(SupervisionTest, TriesAgainWhenTheRestartFails) {
    faults_.fail_at("start shard-1");
    instances_.end("shard-1");
    supervise_until([&] {
        if (std::count(calls_.begin(), calls_.end(), "start shard-1") == 2) {
            faults_.heal("start shard-1");
        }
        return shard_status().healthy && shard_status().restarts == 1;
    });
    EXPECT_EQ(std::count(changes_.begin(), changes_.end(), "shard-1 down"), 1);
}

TEST_F(SupervisionTest, GivesUpANodeThatFailsTooOften) {
    faults_.fail_at("start shard-1");
    instances_.end("shard-1");
    supervise_until([&] {
        return view_.not_ready_reason().find("given up after 4 failures") != std::string::npos;
    });
    EXPECT_EQ(changes_.back(), "shard-1 given up");
    EXPECT_EQ(std::count(calls_.begin(), calls_.end(), "start shard-1"), 3);
}

TEST_F(SupervisionTest, ANodeThatRunsAndDoesNotAnswerIsDownUntilItAnswers) {
    faults_.fail_at("ask shard-1");
    int asked_at_recovery = 0;
    supervise_until([&] {
        if (asked_at_recovery == 0 && !shard_status().healthy) {
            EXPECT_THAT(view_.not_ready_reason(), HasSubstr("shard-1 does not answer: fault at"));
            faults_.heal("ask shard-1");
            asked_at_recovery = probe_.asked;
        }
        return asked_at_recovery > 0 && shard_status().healthy;
    });
    EXPECT_EQ(changes_.back(), "shard-1 up");
    EXPECT_THAT(changes_, Contains("shard-1 down"));
    EXPECT_EQ(shard_status().restarts, 0U);
}

TEST_F(SupervisionTest, FollowsTheCoordinatorsMap) {
    probe_.facts.shard_map_version = 7;
    catalog_.newest_version = 7;
    async::run_blocking_loop(loop_, check_node(supervision_, coordinator_));
    EXPECT_EQ(view_.shard_map()->version(), 7);
    EXPECT_EQ(view_.status().map_version, 7);
    const auto loads = std::count(calls_.begin(), calls_.end(), "load shard map");
    async::run_blocking_loop(loop_, check_node(supervision_, coordinator_));
    EXPECT_EQ(std::count(calls_.begin(), calls_.end(), "load shard map"), loads);
}

TEST_F(SupervisionTest, KeepsTheOldMapWhenTheNewOneIsUnusable) {
    const ShardMapSnapshot before = view_.shard_map();
    probe_.facts.shard_map_version = 8;
    faults_.fail_at("load shard map", Errc::broken_state);
    async::run_blocking_loop(loop_, check_node(supervision_, coordinator_));
    EXPECT_EQ(view_.shard_map(), before);
    EXPECT_THAT(journal_.lines.back(), HasSubstr("which cannot be used"));
}

TEST_F(SupervisionTest, AnAnswerAfterTheEndDoesNotMakeANodeWell) {
    view_.node_ended(shard_, "exited with code 1");
    EXPECT_EQ(view_.node_answered(shard_, NodeFacts{}), std::nullopt);
    EXPECT_FALSE(view_.node_silent(shard_, "does not answer"));
    EXPECT_EQ(shard_status().problem, "exited with code 1");
    EXPECT_FALSE(view_.status().ready);
}

}  // namespace
}  // namespace pgmind::cluster
