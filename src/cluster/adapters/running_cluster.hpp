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
#include "cluster/adapters/node_connections.hpp"
#include "cluster/adapters/postgres_server_setup.hpp"
#include "cluster/adapters/secrets.hpp"
#include "cluster/api/cluster.hpp"
#include "cluster/api/secret_rotation.hpp"
#include "cluster/app/supervision.hpp"
#include "cluster/domain/cluster_manifest.hpp"
#include "platform/postgres/connection_options.hpp"
#include "platform/postgres/migrations.hpp"

namespace pgmind::cluster {

/// What every cluster is told, whoever runs its servers.
struct ClusterOptions {
    std::filesystem::path directory;  ///< empty: /var/lib/pgmind for root, else below the home
    ClusterRequest request;
    /// What new databases keep their vectors with; nullopt: pgmind's own extension, else pgvector.
    std::optional<VectorExtension> vectors;

    /// The schema of the other contexts; the cluster's own steps are added. Their texts live as
    /// long as the process (pgmind_embed).
    std::vector<postgres::Migration> coordinator_migrations;
    std::vector<postgres::Migration> shard_migrations;
    AdministratorScript coordinator_script;
    /// What takes the place of those of the same number where vectors are pgvector's.
    std::vector<postgres::Migration> pgvector_migrations;

    /// Prepares servers for SQL logins; only where the administrator is a superuser.
    bool sql_logins = false;
    /// The servers are this process's own, with secrets and certificates that it makes.
    bool own_servers = false;
    /// Names and addresses that the gateway gets a certificate of the cluster's authority for;
    /// empty: it gets none.
    std::vector<std::string> gateway_names;
    /// How old the passwords of PostgreSQL's roles may become; 0: they are never changed by itself.
    std::chrono::hours rotate_passwords_every{0};
    std::string product_version;
    async::EventBus* events = nullptr;  ///< outlives the cluster; null: no events
    SupervisionTimes times;
    std::chrono::milliseconds start_timeout{300'000};
};

/// What the two kinds of clusters differ in.
struct ClusterParts {
    NodeLayout layout;
    std::shared_ptr<const NodeConnections> connections;
    std::unique_ptr<DataDirectory> directory;
    /// Called once; what it makes belongs to the cluster's loop.
    std::function<std::unique_ptr<Instances>(Executor)> make_instances;
};

/// A cluster that this process looks after: `pgmind up`. Supervision runs on a thread of its own.
/// Thread-safe, except that stop() and the destructor are called once, by the owner.
class RunningCluster {
  public:
    /// Makes what is missing, starts every instance, and returns when all of them answer and have
    /// the newest schema. Blocks; a stop asked for through `cancel` ends it early. An error's
    /// detail is one line for the person who started it, and nothing runs then.
    /// start_embedded_cluster() and attach_cluster() know the parts.
    static Result<std::unique_ptr<RunningCluster>> start(ClusterOptions options, ClusterParts parts,
                                                         std::stop_token cancel);
    ~RunningCluster();
    RunningCluster(const RunningCluster&) = delete;
    RunningCluster& operator=(const RunningCluster&) = delete;

    /// What the other contexts see. Lives as long as this object.
    const Cluster& cluster() const;

    /// How to reach a shard's database ("project" or "shared"). broken_state for an unknown shard.
    Result<postgres::ConnectionOptions> shard_connection(const ShardId& shard,
                                                         const std::string& database,
                                                         Role role) const;
    /// How to reach the coordinator's database, "pgmind".
    Result<postgres::ConnectionOptions> coordinator_connection(Role role) const;

    /// What a shard's database keeps its vectors with. An unknown database is a bug and throws.
    VectorExtension vector_extension(const ShardId& shard, const std::string& database) const;

    /// null where others run the servers.
    SecretRotation* rotation() const;

    /// The coordinator first. Ports are the real ones.
    const std::vector<Node>& nodes() const;
    const std::filesystem::path& directory() const;
    /// Mode 0700, of the user who runs pgmind.
    std::filesystem::path secrets_directory() const;
    /// The key that API keys are hashed with: 32 bytes.
    Result<std::string> api_key_hmac() const;
    /// The key that the audit log is signed with: 32 bytes.
    Result<std::string> audit_signing_seed() const;

    /// Stops all instances side by side (servers that others run are let go of), cleanly; those
    /// that have not ended at the deadline are stopped by force (nothing acknowledged is lost by
    /// that either). Blocks.
    void stop(Deadline deadline);

  private:
    class Implementation;
    explicit RunningCluster(std::unique_ptr<Implementation> implementation);
    std::unique_ptr<Implementation> implementation_;
};

/// Where the data is: `asked`, or the usual place when that is empty. Absolute and without links,
/// since processes are known by their working directory.
Result<std::filesystem::path> resolved_directory(const std::filesystem::path& asked);

}  // namespace pgmind::cluster
