#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "cluster/app/ports.hpp"
#include "cluster/domain/cluster_manifest.hpp"

namespace pgmind::cluster {

struct StartPorts {
    DataDirectory& directory;
    Instances& instances;
    Catalog& catalog;
    Journal& journal;
    const Clock& clock;
};

struct StartedCluster {
    ClusterManifest manifest;
    std::vector<Node> nodes;  ///< with the ports they have; the coordinator first
    ShardMap map;
    std::map<std::string, DatabaseVectors> vectors;  ///< by shard
};

/// Starts every node of the cluster in a data directory, making what is missing. When it fails, no
/// instance runs, and another call may continue where this one ended. `ports` outlives the task.
Task<Result<StartedCluster>> start_cluster(const StartPorts& ports, ClusterRequest request,
                                           Deadline deadline);

/// Stops instances side by side; cleanly if the deadline allows it.
Task<void> stop_nodes(Instances& instances, std::vector<Node> nodes, Deadline deadline);

}  // namespace pgmind::cluster
