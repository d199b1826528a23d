#include <utility>

#include "cluster/app/supervision.hpp"

namespace pgmind::cluster {
namespace {

// The map is the coordinator's; other gateways may have changed it.
Task<void> follow_shard_map(Supervision& supervision, Node coordinator, std::int64_t version) {
    const ShardMapSnapshot known = supervision.view.shard_map();
    if (known && known->version() == version) {
        co_return;
    }
    const Deadline deadline = Deadline::after(supervision.times.probe_timeout);
    Result<ShardMap> map = co_await supervision.catalog.load_shard_map(coordinator, deadline);
    if (!map) {
        supervision.journal.warning(
            coordinator.name, "has a new shard map, which cannot be used: " + map.error().detail);
        co_return;
    }
    supervision.view.set_map(std::move(*map));
    supervision.publish(coordinator, "shard map");
}

}  // namespace

Task<void> check_node(Supervision& supervision, Node node) {
    const Deadline deadline = Deadline::after(supervision.times.probe_timeout);
    const Result<NodeFacts> facts = co_await supervision.probe.ask(node, deadline);
    if (supervision.stopping()) {
        co_return;  // Whatever it said, it was being stopped.
    }
    if (!facts) {
        if (supervision.view.node_silent(node, "does not answer: " + facts.error().detail)) {
            supervision.journal.warning(node.name, "does not answer: " + facts.error().detail);
            supervision.publish(node, "down");
        }
        co_return;
    }
    const auto change = supervision.view.node_answered(node, *facts);
    if (change) {
        supervision.publish(node, *change);
    }
    if (node.role == NodeRole::coordinator) {
        co_await follow_shard_map(supervision, node, facts->shard_map_version);
    }
}

Task<void> monitor_node(Supervision& supervision, Node node) {
    while (!supervision.stopping()) {
        co_await check_node(supervision, node);
        supervision.instances.maintain(node);
        co_await supervision.pause(supervision.times.health_interval);
    }
}

}  // namespace pgmind::cluster
