#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace pgmind::cluster {

enum class NodeRole { coordinator, shard };

/// One PostgreSQL of the cluster. The name of a shard is its ShardId.
struct Node {
    std::string name;  ///< "coordinator", "shard-1", "shard-2", ...
    NodeRole role = NodeRole::coordinator;
    std::uint16_t port = 0;  ///< 0: one that the kernel finds free
    std::string host = "127.0.0.1";

    bool operator==(const Node&) const = default;
};

inline constexpr std::size_t kShardsMax = 64;
inline constexpr std::size_t kShardsDefault = 2;
inline constexpr std::uint16_t kCoordinatorPortDefault = 7440;
inline constexpr std::uint16_t kShardPortDefault = 7441;

/// What a data directory is, kept in it as pgmind.json.
struct ClusterManifest {
    static constexpr int kFormat = 1;

    int format = kFormat;
    std::string cluster_id;  ///< a UUID, made once
    WallTime created;
    int postgres_major = 0;
    std::size_t shards = kShardsDefault;
    std::uint16_t coordinator_port = kCoordinatorPortDefault;
    std::uint16_t shard_port = kShardPortDefault;  ///< of the first shard; 0: each finds a free one
    /// The first start succeeded: from then on a node without data is a loss, not a beginning.
    bool complete = false;
    /// Others run its servers; then it has no ports, and no data here.
    bool attached = false;

    /// The coordinator first, then the shards in order.
    std::vector<Node> nodes() const;

    bool operator==(const ClusterManifest&) const = default;
};

/// What whoever starts the cluster asks for; what is not said stays as it is in the directory, or
/// takes the default in a new one.
struct ClusterRequest {
    std::optional<std::size_t> shards;
    std::optional<std::uint16_t> coordinator_port;
    std::optional<std::uint16_t> shard_port;
    bool attached = false;  ///< to servers that others run
};

/// The manifest of a new cluster. invalid_request when the request cannot be.
Result<ClusterManifest> new_manifest(const ClusterRequest& request, int postgres_major,
                                     WallTime now);

/// The manifest of an existing cluster with the request applied: ports may change at each start,
/// the number of shards may not, nor who runs its servers. version_mismatch when a newer pgmind
/// wrote it.
Result<ClusterManifest> reconciled_manifest(ClusterManifest existing,
                                            const ClusterRequest& request);

}  // namespace pgmind::cluster
