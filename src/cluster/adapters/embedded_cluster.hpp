#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "async/event_bus.hpp"
#include "base/clock.hpp"
#include "cluster/adapters/secrets.hpp"
#include "cluster/api/cluster.hpp"
#include "cluster/app/supervision.hpp"
#include "cluster/domain/cluster_manifest.hpp"
#include "platform/postgres/connection_options.hpp"
#include "platform/postgres/migrations.hpp"

namespace pgmind::cluster {

struct EmbeddedOptions {
    std::filesystem::path directory;  ///< empty: /var/lib/pgmind for root, else below the home
    /// Shards and ports; a port of 0 takes free ones, anew at each start.
    ClusterRequest request;
    std::string server_user = "postgres";  ///< whom PostgreSQL runs as when this process is root
    std::filesystem::path programs;        ///< PostgreSQL's bin directory; empty: looked for
    std::size_t connections_max = 100;     ///< of each instance

    /// The schema of the other contexts; the cluster's own steps are added. Their texts live as
    /// long as the process (pgmind_embed).
    std::vector<postgres::Migration> coordinator_migrations;
    std::vector<postgres::Migration> shard_migrations;

    std::string product_version;
    async::EventBus* events = nullptr;  ///< outlives the cluster; null: no events
    SupervisionTimes times;
    std::chrono::milliseconds start_timeout{300'000};

    /// Room wanted on the disk for each node: 0 takes what experience says.
    std::uint64_t free_bytes_per_node = 0;
    std::uint64_t log_bytes_max = 32ULL << 20;  ///< of one log; the one before it is kept too
};

/// A cluster of PostgreSQL instances on this machine, as children of this process: `pgmind up`.
/// Supervision runs on a thread of its own. Thread-safe, except that stop() and the destructor are
/// called once, by the owner.
class EmbeddedCluster {
  public:
    /// Makes what is missing, starts every instance, and returns when all of them answer and have
    /// the newest schema. Blocks; a stop asked for through `cancel` ends it early. An error's
    /// detail is one line for the person who started it, and nothing runs then.
    static Result<std::unique_ptr<EmbeddedCluster>> start(EmbeddedOptions options,
                                                          std::stop_token cancel);
    ~EmbeddedCluster();
    EmbeddedCluster(const EmbeddedCluster&) = delete;
    EmbeddedCluster& operator=(const EmbeddedCluster&) = delete;

    /// What the other contexts see. Lives as long as this object.
    const Cluster& cluster() const;

    /// How to reach a shard's database ("project" or "shared"). broken_state for an unknown shard.
    Result<postgres::ConnectionOptions> shard_connection(const ShardId& shard,
                                                         const std::string& database,
                                                         Role role) const;
    /// How to reach the coordinator's database, "pgmind".
    Result<postgres::ConnectionOptions> coordinator_connection(Role role) const;

    /// The coordinator first. Ports are the real ones.
    const std::vector<Node>& nodes() const;
    const std::filesystem::path& directory() const;
    /// Mode 0700, of the user who runs pgmind.
    std::filesystem::path secrets_directory() const;
    /// The key that API keys are hashed with: 32 bytes.
    Result<std::string> api_key_hmac() const;

    /// Stops all instances side by side, cleanly; those that have not ended at the deadline are
    /// stopped by force (nothing acknowledged is lost by that either). Blocks.
    void stop(Deadline deadline);

  private:
    class Implementation;
    explicit EmbeddedCluster(std::unique_ptr<Implementation> implementation);
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace pgmind::cluster
