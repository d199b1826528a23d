#include "commands/up_cluster.hpp"

#include <algorithm>
#include <array>

#include <unistd.h>

#include "cluster/adapters/attached_cluster.hpp"
#include "cluster/adapters/embedded_cluster.hpp"
#include "gateway/sizing.hpp"
#include "intelligence/adapters/make_intelligence.hpp"
#include "memory/adapters/make_memory.hpp"
#include "security/adapters/migrations.hpp"

namespace pgmind::app {
namespace {

void set_common(cluster::ClusterOptions& options, const config::Configuration& configuration,
                async::EventBus& bus) {
    options.directory = configuration.text("data.directory");
    const std::string& vectors = configuration.text("cluster.vectors");
    if (vectors != "auto") {
        options.vectors = vectors == "pgvector" ? cluster::VectorExtension::pgvector
                                                : cluster::VectorExtension::pgmind;
    }
    options.coordinator_migrations = security::security_coordinator_migrations();
    options.coordinator_script = {"pgmind_audit", std::string(security::kCoordinatorScriptVersion),
                                  std::string(security::security_coordinator_script())};
    options.shard_migrations = memory::memory_shard_migrations();
    for (postgres::Migration& step : intelligence::intelligence_shard_migrations()) {
        options.shard_migrations.push_back(std::move(step));
    }
    options.pgvector_migrations = intelligence::intelligence_pgvector_migrations();
    options.product_version = PGMIND_VERSION;
    options.events = &bus;
}

// Under which names the gateway is reached, for a certificate of the cluster's own authority.
std::vector<std::string> gateway_names(const config::Configuration& configuration) {
    if (configuration.text("http.tls") != "own") {
        return {};
    }
    std::vector<std::string> names{"localhost", "127.0.0.1", "::1"};
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) == 0 && host[0] != '\0') {
        names.emplace_back(host.data());
    }
    for (const std::string& name : configuration.list("http.host_names")) {
        names.push_back(name);
    }
    const std::string& address = configuration.text("http.address");
    if (address != "0.0.0.0" && address != "::") {
        names.push_back(address);
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

// What the operator did not say stays as the directory has it.
cluster::EmbeddedOptions embedded_options(const config::Configuration& configuration) {
    cluster::EmbeddedOptions options;
    if (configuration.origin("cluster.shards") != config::Origin::built_in) {
        options.request.shards = static_cast<std::size_t>(configuration.integer("cluster.shards"));
    }
    if (configuration.origin("cluster.postgres_port") != config::Origin::built_in) {
        const std::int64_t port = configuration.integer("cluster.postgres_port");
        options.request.coordinator_port = static_cast<std::uint16_t>(port);
        options.request.shard_port = static_cast<std::uint16_t>(port + 1);
    }
    options.server_user = configuration.text("cluster.postgres_user");
    options.programs = configuration.text("cluster.postgres_bin");
    options.connections_max = connections_for(configuration);
    options.gateway_names = gateway_names(configuration);
    options.rotate_passwords_every =
        std::chrono::days(configuration.integer("security.rotate_passwords_days"));
    return options;
}

// What only servers of one's own can have is refused rather than left aside.
Result<void> check_attached(const config::Configuration& configuration) {
    for (const char* key : {"cluster.shards", "cluster.postgres_port", "cluster.postgres_user",
                            "cluster.postgres_bin", "http.tls", "security.rotate_passwords_days"}) {
        if (configuration.origin(key) != config::Origin::built_in) {
            return fail(invalid_argument(
                key, std::string(key) + " is for a cluster that pgmind starts by itself: leave it "
                                        "out beside cluster.attach, whose file names the servers"));
        }
    }
    return {};
}

}  // namespace

Result<std::unique_ptr<cluster::RunningCluster>> start_configured_cluster(
    const config::Configuration& configuration, async::EventBus& bus, std::stop_token cancel) {
    const std::string& services = configuration.text("cluster.attach");
    if (services.empty()) {
        cluster::EmbeddedOptions options = embedded_options(configuration);
        set_common(options, configuration, bus);
        options.sql_logins = true;
        for (postgres::Migration& step : security::security_shard_migrations()) {
            options.shard_migrations.push_back(std::move(step));
        }
        return cluster::start_embedded_cluster(std::move(options), std::move(cancel));
    }
    if (const Result<void> possible = check_attached(configuration); !possible) {
        return fail(possible.error());
    }
    cluster::AttachOptions options;
    set_common(options, configuration, bus);
    options.services = services;
    return cluster::attach_cluster(std::move(options), std::move(cancel));
}

}  // namespace pgmind::app
