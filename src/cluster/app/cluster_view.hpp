#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/snapshot_cell.hpp"
#include "cluster/api/cluster.hpp"
#include "cluster/app/ports.hpp"

namespace pgmind::cluster {

/// What this process knows about the cluster: written by the tasks of the cluster's loop, read by
/// every thread through the Cluster interface. Each change publishes a new immutable snapshot.
class ClusterView final : public Cluster {
  public:
    ClusterView(std::string product_version, const Clock& clock);

    // Any thread.
    ShardMapSnapshot shard_map() const override { return map_.get(); }
    ClusterStatus status() const override;
    std::string not_ready_reason() const override;

    // The cluster's loop. Nodes are known by name; an unknown name is a bug.
    void set_nodes(const std::vector<Node>& nodes);
    void set_map(ShardMap map);
    void set_stopping();
    /// The node's process runs; it is well once it has answered.
    void node_started(const Node& node);
    /// The supervisor started it again after a crash.
    void node_restarted(const Node& node);
    /// The node's process ended. True when it was well until now.
    bool node_ended(const Node& node, std::string problem);
    /// Gives what this means for the topology, "up" or "restarted", when the node was not well
    /// until now.
    std::optional<std::string_view> node_answered(const Node& node, const NodeFacts& facts);
    /// The node runs and does not answer. True when it was well until now.
    bool node_silent(const Node& node, std::string problem);

  private:
    struct Entry {
        NodeStatus status;
        SteadyTime answered_at{};
        bool running = false;
        bool restarted = false;  // Since it was last well.
    };
    struct State {
        ClusterStatus status;  // Without its nodes.
        std::vector<Entry> nodes;
        bool stopping = false;
    };

    Entry& entry(const Node& node);
    void publish();

    const Clock& clock_;
    State state_;  // Of the cluster's loop.
    async::SnapshotCell<State> published_;
    async::SnapshotCell<ShardMap> map_;
};

}  // namespace pgmind::cluster
