#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "cluster/api/shard_map.hpp"
#include "cluster/api/vector_extension.hpp"
#include "cluster/domain/cluster_manifest.hpp"

namespace pgmind::cluster {

/// The directory that a cluster lives in. Calls block: they run on the cluster's own loop.
class DataDirectory {
  public:
    virtual ~DataDirectory() = default;

    /// Takes the directory for this process, for as long as this object lives. nullopt when no
    /// cluster was begun in it yet.
    virtual Result<std::optional<ClusterManifest>> claim() = 0;

    /// Says what stands in the way of running this cluster here (room on the disk, data of another
    /// version, missing data), before anything is changed.
    virtual Result<void> check(const ClusterManifest& manifest) = 0;

    /// Makes what is missing around the nodes' data, and writes the manifest.
    virtual Result<void> prepare(const ClusterManifest& manifest) = 0;

    /// Notes that the cluster was complete once.
    virtual Result<void> mark_complete(const ClusterManifest& manifest) = 0;
};

/// The PostgreSQL servers of the cluster, by node: instances that this program makes and starts, or
/// servers that others run (then making, starting and stopping is only a look). Belongs to the
/// cluster's loop.
class Instances {
  public:
    virtual ~Instances() = default;

    /// Finds the programs, of this major version when one is given. Gives the major version.
    virtual Task<Result<int>> find_programs(std::optional<int> major, Deadline deadline) = 0;

    /// Ends an instance that a former run of this program left behind on the node's data.
    virtual Task<Result<void>> stop_orphan(Node node, Deadline deadline) = 0;

    /// Removes what attempts to make the node's data left that were killed, whether or not a later
    /// one succeeded; ends their processes first, which may still write there.
    virtual Task<Result<void>> remove_leftovers(Node node) = 0;

    /// Keeps the node's port for it, until this object ends; a port of 0 becomes a real one.
    virtual Result<Node> reserve_port(const Node& node) = 0;

    /// Makes the node's data unless it is there already: wholly or not at all.
    virtual Task<Result<void>> initialise(Node node, Deadline deadline) = 0;

    /// Starts the instance and waits until it accepts connections. When that fails it does not run.
    virtual Task<Result<void>> start(Node node, Deadline deadline) = 0;

    /// Waits until a started instance has ended; says how it did: "exited with code 1".
    virtual Task<std::string> wait_for_end(Node node) = 0;

    /// Stops the instance cleanly; by force after the deadline. Nothing happens when it does not
    /// run. The deadline never leads to an instance that still runs.
    virtual Task<void> stop(Node node, Deadline deadline) = 0;

    /// Makes initialise() and start() fail from now on, also those that wait: for a stop while the
    /// cluster starts.
    virtual void cancel() = 0;

    /// Keeps the node's log within its bound and its certificate valid. Cheap; called about every
    /// second. What fails is tried again by the next call.
    virtual void maintain(const Node& node) = 0;

    /// Makes the certificate of the node's TLS anew if it ends within a month, with `anyway` in any
    /// case; new connections get it at once. Gives when the certificate ends.
    virtual Result<WallTime> renew_certificate(const Node& node, bool anyway) = 0;
};

/// By name of the database.
using DatabaseVectors = std::map<std::string, VectorExtension>;

/// What is written inside the databases of the nodes.
class Catalog {
  public:
    virtual ~Catalog() = default;

    /// Brings roles, databases, extension and schema of a running node up to date. Fails, changing
    /// nothing, when the data is another node's or another cluster's. Gives what each database of a
    /// shard keeps its vectors with.
    virtual Task<Result<DatabaseVectors>> install(Node node, std::string cluster_id,
                                                  Deadline deadline) = 0;

    /// Writes where the shards are, spreads the slots over them if that never happened, and gives
    /// the map.
    virtual Task<Result<ShardMap>> register_shards(Node coordinator, std::vector<Node> shards,
                                                   Deadline deadline) = 0;

    virtual Task<Result<ShardMap>> load_shard_map(Node coordinator, Deadline deadline) = 0;
};

/// What a node says of itself.
struct NodeFacts {
    std::string server_version;
    std::optional<std::int64_t> schema_version;  ///< the newest migration
    std::int64_t entries = 0;
    std::int64_t bytes = 0;
    std::int64_t replication_lag_bytes = 0;
    std::size_t standbys = 0;
    std::size_t replication_slots = 0;
    std::int64_t shard_map_version = 0;  ///< of the coordinator
};

class Probe {
  public:
    virtual ~Probe() = default;

    /// One call at a time for each node.
    virtual Task<Result<NodeFacts>> ask(Node node, Deadline deadline) = 0;
};

/// Tells the operator what happens; lines of a log.
class Journal {
  public:
    virtual ~Journal() = default;
    virtual void info(const std::string& node, const std::string& sentence) = 0;
    virtual void warning(const std::string& node, const std::string& sentence) = 0;
    virtual void error(const std::string& node, const std::string& sentence) = 0;
};

}  // namespace pgmind::cluster
