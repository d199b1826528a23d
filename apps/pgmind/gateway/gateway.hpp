#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "async/event_bus.hpp"
#include "cluster/api/cluster.hpp"
#include "cluster/api/secret_rotation.hpp"
#include "cluster/api/vector_extension.hpp"
#include "integration/app/trace_store.hpp"
#include "platform/config/config.hpp"
#include "platform/postgres/pool_directory.hpp"
#include "platform/telemetry/metrics.hpp"
#include "security/api/security.hpp"

namespace pgmind::app {

/// What a gateway is told about the cluster that it serves. References outlive the gateway.
struct GatewayOptions {
    const config::Configuration& configuration;
    const cluster::Cluster& cluster;
    async::EventBus& bus;
    integration::TraceStore& traces;  ///< observes the bus, outlives it
    metrics::Registry& metrics;
    postgres::ConnectionOptions coordinator;
    /// Where a shard's database is, for the gateway's role. Called on every worker; thread-safe.
    postgres::PoolDirectory::Resolver shard_connection;
    /// The same for a role that may act for the owner of the tables, which makes vector indexes.
    postgres::PoolDirectory::Resolver owner_connection;
    /// What a shard's database keeps its vectors with. Called on every worker; thread-safe.
    std::function<cluster::VectorExtension(const ShardId&, const std::string&)> vector_extension;
    std::string hmac_key;            ///< of the API keys
    std::string audit_signing_seed;  ///< of what this gateway writes to the audit log
    /// Where key-encryption keys are, unless the configuration says otherwise.
    std::filesystem::path encryption_key_file;
    /// The cluster's own secrets; null where others run the servers.
    cluster::SecretRotation* rotation = nullptr;
    /// Stores the first administrator's key for the operator.
    std::function<Result<void>(const security::IssuedApiKey&)> keep_admin_key;
    /// Gives it back, for security.authentication = off.
    std::function<Result<std::string>()> read_admin_key;
    std::string product_version;
};

/// Whether a gateway could listen as configured: exposure, certificate, address and port. To be
/// asked before a cluster is started for it.
Result<void> check_gateway(const config::Configuration& configuration);

/// The server of REST and MCP: workers, their services, the HTTP server. start() and stop() block
/// and are called by one thread, which is none of the workers'.
class Gateway {
  public:
    static Result<std::unique_ptr<Gateway>> start(GatewayOptions options, Deadline deadline);
    ~Gateway();
    Gateway(const Gateway&) = delete;
    Gateway& operator=(const Gateway&) = delete;

    std::uint16_t port() const;
    bool secure() const;  ///< speaks TLS
    /// True when this start made the first administrator's key.
    bool made_admin_key() const;

    /// Accepts no more, lets what is in flight finish until the deadline, writes what is queued.
    Result<void> stop(Deadline deadline);

  private:
    class Implementation;
    explicit Gateway(std::unique_ptr<Implementation> implementation);
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace pgmind::app
