#include "cluster/domain/health.hpp"

#include <gtest/gtest.h>

namespace pgmind::cluster {
namespace {

NodeStatus node(std::string name, bool healthy, std::string problem,
                std::chrono::milliseconds age) {
    NodeStatus status;
    status.name = std::move(name);
    status.healthy = healthy;
    status.problem = std::move(problem);
    status.age = age;
    return status;
}

TEST(Health, NamesEveryNodeThatCannotServe) {
    using std::chrono::milliseconds;
    EXPECT_EQ(not_ready_reason({}), "the cluster has not started");
    const NodeStatus well = node("coordinator", true, "", milliseconds(900));
    EXPECT_EQ(not_ready_reason({well}), "");
    EXPECT_EQ(not_ready_reason({well, node("shard-1", false, "is down", milliseconds(0)),
                                node("shard-2", true, "", milliseconds(12'500)),
                                node("shard-3", false, "", milliseconds(0))}),
              "shard-1 is down; shard-2 was last seen 12 s ago; shard-3 has not answered yet");
}

}  // namespace
}  // namespace pgmind::cluster
