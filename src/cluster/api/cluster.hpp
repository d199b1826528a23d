#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/request_context.hpp"
#include "cluster/api/shard_map.hpp"

namespace pgmind::cluster {

struct NodeStatus {
    std::string name;  ///< "coordinator", "shard-1"
    std::string role;  ///< "coordinator" or "shard"
    std::string address;
    bool healthy = false;
    std::string problem;  ///< why it is not healthy
    std::string server_version;
    std::string schema_version;
    std::size_t slots = 0;
    std::int64_t entries = 0;  ///< estimate kept by PostgreSQL, both databases
    std::int64_t bytes = 0;
    std::int64_t replication_lag_bytes = 0;  ///< of the furthest standby; 0 without standbys
    std::size_t standbys = 0;
    std::size_t replication_slots = 0;
    std::size_t restarts = 0;          ///< by the supervisor, since this process started
    std::chrono::milliseconds age{0};  ///< how old these facts are
};

struct ClusterStatus {
    std::string product_version;
    std::string engine = "slots";
    std::int64_t map_version = 0;
    bool ready = false;
    std::string problem;
    std::vector<NodeStatus> nodes;
};

/// The Cluster context as the others see it. One for the process; thread-safe.
class Cluster {
  public:
    virtual ~Cluster() = default;

    /// The current map of slots to shards; never null once the cluster has started.
    virtual ShardMapSnapshot shard_map() const = 0;
    /// From memory (the health monitor refreshes it every second).
    virtual ClusterStatus status() const = 0;
    /// Empty when requests can be served, else a sentence that says why not.
    virtual std::string not_ready_reason() const = 0;
};

}  // namespace pgmind::cluster
