#include "cluster/app/cluster_view.hpp"

#include <algorithm>
#include <utility>

#include "cluster/domain/health.hpp"

namespace pgmind::cluster {
namespace {

std::string address_of(const Node& node) {
    const bool is_v6 = node.host.find(':') != std::string::npos;
    return (is_v6 ? "[" + node.host + "]" : node.host) + ":" + std::to_string(node.port);
}

}  // namespace

ClusterView::ClusterView(std::string product_version, const Clock& clock)
    : clock_(clock), published_(std::make_shared<const State>()), map_(nullptr) {
    state_.status.product_version = std::move(product_version);
    publish();
}

ClusterStatus ClusterView::status() const {
    const std::shared_ptr<const State> state = published_.get();
    const SteadyTime now = clock_.steady_now();
    ClusterStatus status = state->status;
    for (const Entry& entry : state->nodes) {
        NodeStatus node = entry.status;
        if (entry.answered_at != SteadyTime{}) {
            node.age =
                std::chrono::duration_cast<std::chrono::milliseconds>(now - entry.answered_at);
        }
        status.nodes.push_back(std::move(node));
    }
    status.problem =
        state->stopping ? "the cluster is being stopped" : cluster::not_ready_reason(status.nodes);
    status.ready = status.problem.empty();
    return status;
}

std::string ClusterView::not_ready_reason() const {
    return status().problem;
}

void ClusterView::set_nodes(const std::vector<Node>& nodes) {
    state_.nodes.clear();
    for (const Node& node : nodes) {
        Entry entry;
        entry.status.name = node.name;
        entry.status.role = node.role == NodeRole::coordinator ? "coordinator" : "shard";
        entry.status.address = address_of(node);
        entry.status.problem = "is starting";
        state_.nodes.push_back(std::move(entry));
    }
    publish();
}

void ClusterView::set_map(ShardMap map) {
    for (Entry& entry : state_.nodes) {
        entry.status.slots = map.slots_of(ShardId(entry.status.name));
    }
    state_.status.map_version = map.version();
    map_.set(std::make_shared<const ShardMap>(std::move(map)));
    publish();
}

void ClusterView::set_stopping() {
    state_.stopping = true;
    publish();
}

void ClusterView::node_started(const Node& node) {
    entry(node).running = true;
}

void ClusterView::node_restarted(const Node& node) {
    Entry& changed = entry(node);
    changed.running = true;
    changed.restarted = true;
    ++changed.status.restarts;
    changed.status.problem = "was restarted and has not answered yet";
    publish();
}

bool ClusterView::node_ended(const Node& node, std::string problem) {
    Entry& changed = entry(node);
    changed.running = false;
    changed.status.problem = std::move(problem);
    const bool was_well = std::exchange(changed.status.healthy, false);
    publish();
    return was_well;
}

std::optional<std::string_view> ClusterView::node_answered(const Node& node,
                                                           const NodeFacts& facts) {
    Entry& changed = entry(node);
    if (!changed.running) {
        return std::nullopt;  // The answer was on its way when the process ended.
    }
    NodeStatus& status = changed.status;
    status.server_version = facts.server_version;
    status.schema_version = std::to_string(facts.schema_version.value_or(0));
    status.entries = facts.entries;
    status.bytes = facts.bytes;
    status.replication_lag_bytes = facts.replication_lag_bytes;
    status.standbys = facts.standbys;
    status.replication_slots = facts.replication_slots;
    status.problem.clear();
    changed.answered_at = clock_.steady_now();
    const bool was_well = std::exchange(status.healthy, true);
    const bool was_restarted = std::exchange(changed.restarted, false);
    publish();
    if (was_well) {
        return std::nullopt;
    }
    return was_restarted ? "restarted" : "up";
}

bool ClusterView::node_silent(const Node& node, std::string problem) {
    Entry& changed = entry(node);
    if (!changed.running) {
        return false;  // The supervisor knows better why.
    }
    changed.status.problem = std::move(problem);
    const bool was_well = std::exchange(changed.status.healthy, false);
    publish();
    return was_well;
}

ClusterView::Entry& ClusterView::entry(const Node& node) {
    const auto found = std::find_if(state_.nodes.begin(), state_.nodes.end(),
                                    [&](const Entry& e) { return e.status.name == node.name; });
    return state_.nodes.at(static_cast<std::size_t>(found - state_.nodes.begin()));
}

void ClusterView::publish() {
    published_.set(std::make_shared<const State>(state_));
}

}  // namespace pgmind::cluster
