#include "gateway/gateway.hpp"

#include "async/workers.hpp"
#include "gateway/certificate_watcher.hpp"
#include "gateway/identity_providers.hpp"
#include "gateway/index_keeper.hpp"
#include "gateway/ready_cluster.hpp"
#include "gateway/sizing.hpp"
#include "gateway/sweeper.hpp"
#include "gateway/worker_services.hpp"
#include "integration/adapters/events/change_announcer.hpp"
#include "integration/adapters/events/outbox_runtime.hpp"
#include "memory/adapters/configure.hpp"
#include "platform/telemetry/log.hpp"
#include "security/adapters/encryption_runtime.hpp"

namespace pgmind::app {
namespace {

constexpr std::size_t kBlockingThreads = 2;
constexpr std::size_t kBlockingQueueMax = 256;

http::ServerOptions server_options(const config::Configuration& configuration) {
    http::ServerOptions options;
    options.address = configuration.text("http.address");
    options.port = static_cast<std::uint16_t>(configuration.integer("http.port"));
    options.tls_certificate_file = configuration.text("http.tls_certificate_file");
    options.tls_key_file = configuration.text("http.tls_key_file");
    options.tls_client_ca_file = configuration.text("http.tls_client_ca_file");
    options.connections_max =
        static_cast<std::size_t>(configuration.integer("http.connections_max"));
    options.connections_per_address_max =
        static_cast<std::size_t>(configuration.integer("http.connections_per_address_max"));
    return options;
}

integration::McpOptions mcp_options(const config::Configuration& configuration,
                                    const std::string& version) {
    integration::McpOptions options;
    options.origins = origin_policy(configuration);
    options.mcp.version = version;
    options.mcp.keys_required = configuration.text("security.authentication") == "required";
    options.mcp.conformance_fixtures = configuration.boolean("mcp.conformance_fixtures");
    return options;
}

security::RateLimits rate_limits(const config::Configuration& configuration) {
    const auto number = [&](std::string_view name) {
        return static_cast<std::uint32_t>(configuration.integer(name));
    };
    security::RateLimits limits;
    limits.principal_per_second = number("limits.principal_requests_per_second");
    limits.principal_concurrency_max = number("limits.principal_concurrency");
    limits.address_per_second = number("limits.address_requests_per_second");
    limits.burst_seconds = number("limits.burst_seconds");
    limits.concurrency_total = number("limits.concurrency");
    return limits;
}

// What must not be reachable from other machines is refused before anything starts.
Result<void> check_exposure(const config::Configuration& configuration) {
    const bool loopback = is_loopback(configuration.text("http.address"));
    if (configuration.text("security.authentication") == "off" && !loopback) {
        return fail(invalid_argument(
            "security.authentication",
            "security.authentication may only be off while http.address is a loopback address"));
    }
    if (!loopback && configuration.text("http.tls_certificate_file").empty()) {
        return fail(invalid_argument(
            "http.tls_certificate_file",
            "http.address is not a loopback address: set http.tls_certificate_file and "
            "http.tls_key_file, since keys must not travel in the clear"));
    }
    return {};
}

Result<void> check_second_factor_roles(const config::Configuration& configuration) {
    for (const std::string& name : configuration.list("security.second_factor_roles")) {
        if (!security::parse_role(name)) {
            return fail(
                invalid_argument("security.second_factor_roles",
                                 "security.second_factor_roles: there is no role '" + name + "'"));
        }
    }
    return {};
}

// Keys on the command line would be in the process list; two sources, and one would be forgotten.
Result<void> check_key_source(const config::Configuration& configuration) {
    constexpr std::string_view kKeys = "security.encryption_keys";
    if (configuration.origin(kKeys) == config::Origin::flag) {
        return fail(invalid_argument(std::string(kKeys),
                                     "security.encryption_keys may not be given on the command "
                                     "line: set PGMIND_SECURITY_ENCRYPTION_KEYS"));
    }
    int sources = 0;
    for (const std::string_view key : {kKeys, std::string_view("security.encryption_key_file"),
                                       std::string_view("security.encryption_key_command")}) {
        sources += configuration.text(key).empty() ? 0 : 1;
    }
    if (sources > 1) {
        return fail(invalid_argument(std::string(kKeys),
                                     "of security.encryption_keys, security.encryption_key_file "
                                     "and security.encryption_key_command only one may be set"));
    }
    return {};
}

security::KekSource kek_source(const GatewayOptions& options) {
    security::KekSource source;
    source.text = options.configuration.text("security.encryption_keys");
    source.command = options.configuration.text("security.encryption_key_command");
    if (source.text.empty() && source.command.empty()) {
        const std::string& file = options.configuration.text("security.encryption_key_file");
        source.file = file.empty() ? options.encryption_key_file : std::filesystem::path(file);
    }
    return source;
}

}  // namespace

Result<void> check_gateway(const config::Configuration& configuration) {
    if (auto source = check_key_source(configuration); !source) {
        return source;
    }
    const auto exposed = check_exposure(configuration);
    if (!exposed) {
        return exposed;
    }
    if (auto policy = check_second_factor_roles(configuration); !policy) {
        return policy;
    }
    security::SecurityOptions options;
    if (auto known = add_outside_identities(configuration, options); !known) {
        return known;
    }
    http::ServerOptions server = server_options(configuration);
    if (configuration.text("http.tls") == "own") {
        // The cluster makes it when it starts.
        server.tls_certificate_file.clear();
        server.tls_key_file.clear();
        server.tls_client_ca_file.clear();
    }
    return http::check_listening(server);
}

class Gateway::Implementation {
  public:
    explicit Implementation(GatewayOptions options)
        : options_(std::move(options)),
          blocking_(kBlockingThreads, kBlockingQueueMax),
          workers_(worker_count(options_.configuration)) {}

    Result<void> start(Deadline deadline) {
        if (auto exposed = check_exposure(options_.configuration); !exposed) {
            return exposed;
        }
        if (auto encrypting = start_encryption(deadline); !encrypting) {
            return encrypting;
        }
        auto security = security_options();
        if (!security) {
            return fail(std::move(security.error()));
        }
        if (auto known = add_outside_identities(options_.configuration, *security); !known) {
            return known;
        }
        auto runtime = security::SecurityRuntime::start(std::move(*security), options_.bus,
                                                        options_.metrics, deadline);
        if (!runtime) {
            return fail(std::move(runtime.error()));
        }
        security_ = std::move(*runtime);
        auto administrator = security_->ensure_administrator(options_.keep_admin_key, deadline);
        if (!administrator) {
            return fail(std::move(administrator.error()));
        }
        made_admin_key_ = administrator->has_value();
        cluster_ = std::make_unique<ReadyCluster>(options_.cluster, *security_);
        if (auto made = make_services(); !made) {
            return made;
        }
        Result<std::vector<integration::OutboxDatabase>> databases = shard_databases();
        if (!databases) {
            return fail(std::move(databases.error()));
        }
        if (auto configured = configure_memory(*databases, deadline); !configured) {
            return configured;
        }
        start_outbox(std::move(*databases));
        mcp_ = std::make_unique<integration::McpEndpoint>(
            workers_, mcp_options(options_.configuration, options_.product_version));
        server_ = std::make_unique<http::Server>(
            workers_, server_options(options_.configuration), [this](std::size_t worker) {
                return services_[worker]->handler(*mcp_, worker, shared());
            });
        if (auto started = server_->start(); !started) {
            return started;
        }
        port_ = server_->port();
        add_gauges();
        const std::chrono::seconds pause(options_.configuration.integer("memory.sweep_seconds"));
        sweeper_ = std::make_unique<Sweeper>(workers_.executor(0), services_[0]->memory(), pause);
        sweeper_->start();
        if (secure()) {
            certificate_watcher_ = std::make_unique<CertificateWatcher>(
                workers_.executor(0), blocking_, *server_,
                options_.configuration.text("http.tls_certificate_file"),
                options_.configuration.text("http.tls_key_file"));
            certificate_watcher_->start();
        }
        if (auto kept = keep_indexes(); !kept) {
            return kept;
        }
        workers_.start();
        running_ = true;
        return {};
    }

    Result<void> stop(Deadline deadline) {
        if (running_) {
            if (certificate_watcher_) {
                async::block_on(workers_.executor(0), certificate_watcher_->stop());
            }
            async::block_on(workers_.executor(0), server_->drain(deadline));
            async::block_on(workers_.executor(0), sweeper_->stop());
            async::block_on(workers_.executor(0), index_keeper_->stop());
            for (std::size_t i = 0; i < services_.size(); ++i) {
                async::block_on(workers_.executor(i), services_[i]->close(deadline));
            }
        }
        workers_.stop();
        workers_.join();
        outbox_.reset();
        Result<void> stopped;
        if (security_) {
            stopped = security_->stop(deadline);
        }
        // What publishes goes before the bus; workers and MCP, to whom it delivers, stay.
        certificate_watcher_.reset();
        server_.reset();
        sweeper_.reset();
        services_.clear();
        encryption_.reset();
        cluster_.reset();
        security_.reset();
        return stopped;
    }

    std::uint16_t port() const { return port_; }
    bool secure() const {
        return !options_.configuration.text("http.tls_certificate_file").empty();
    }
    bool made_admin_key() const { return made_admin_key_; }

  private:
    SharedServices shared() {
        return {options_,
                *cluster_,
                *security_,
                options_.traces,
                blocking_,
                indexes_,
                encryption_->encryption()};
    }

    Result<void> start_encryption(Deadline deadline) {
        if (auto source = check_key_source(options_.configuration); !source) {
            return source;
        }
        auto encryption = security::EncryptionRuntime::start(
            {options_.coordinator, kek_source(options_), options_.hmac_key}, deadline);
        if (!encryption) {
            return fail(std::move(encryption.error()));
        }
        encryption_ = std::move(*encryption);
        return {};
    }

    Result<security::SecurityOptions> security_options() {
        security::SecurityOptions security;
        security.coordinator = options_.coordinator;
        security.hmac_key = std::move(options_.hmac_key);
        security.audit_signing_seed = std::move(options_.audit_signing_seed);
        const config::Configuration& configuration = options_.configuration;
        security.witness.file = configuration.text("audit.witness_file");
        security.witness.command = configuration.list("audit.witness_command");
        security.attempts.burst =
            static_cast<double>(configuration.integer("security.login_burst"));
        security.attempts.per_second =
            static_cast<double>(configuration.integer("security.logins_per_minute")) / 60;
        security.rates = rate_limits(configuration);
        security.second_factor_policy.roles.clear();
        for (const std::string& name : configuration.list("security.second_factor_roles")) {
            if (const auto role = security::parse_role(name)) {
                security.second_factor_policy.roles.push_back(*role);
            }
        }
        // Servers that others run are not prepared for SQL logins.
        const bool own = configuration.text("cluster.attach").empty();
        for (const ShardId& shard :
             own ? options_.cluster.shard_map()->shards() : std::vector<ShardId>()) {
            for (const std::string_view database : {"project", "shared"}) {
                auto owner = options_.owner_connection(shard.value(), database);
                if (!owner) {
                    return fail(std::move(owner.error()));
                }
                security.sql_databases.push_back(
                    {shard.value() + "/" + std::string(database), std::move(*owner)});
            }
        }
        return security;
    }

    Result<void> make_services() {
        for (std::size_t i = 0; i < workers_.size(); ++i) {
            auto made = WorkerServices::make(workers_.loop(i), shared());
            if (!made) {
                return fail(std::move(made.error()));
            }
            services_.push_back(std::move(*made));
        }
        return {};
    }

    Result<std::vector<integration::OutboxDatabase>> shard_databases() const {
        std::vector<integration::OutboxDatabase> databases;
        for (const ShardId& shard : cluster_->shard_map()->shards()) {
            for (const std::string_view database : {"project", "shared"}) {
                auto options = options_.shard_connection(shard.value(), database);
                if (!options) {
                    return fail(std::move(options.error()));
                }
                databases.push_back(
                    {shard.value() + "/" + std::string(database), std::move(*options)});
            }
        }
        return databases;
    }

    Result<void> keep_indexes() {
        std::vector<IndexedDatabase> databases;
        for (const ShardId& shard : cluster_->shard_map()->shards()) {
            for (const std::string_view database : {"project", "shared"}) {
                auto connection = options_.owner_connection(shard.value(), database);
                if (!connection) {
                    return fail(std::move(connection.error()));
                }
                databases.push_back({shard.value(), std::string(database), std::move(*connection),
                                     options_.vector_extension(shard, std::string(database))});
            }
        }
        index_keeper_ = std::make_unique<IndexKeeper>(workers_.executor(0), std::move(databases),
                                                      indexes_, options_.bus);
        index_keeper_->start();
        return {};
    }

    Result<void> configure_memory(const std::vector<integration::OutboxDatabase>& databases,
                                  Deadline deadline) const {
        const memory::MemorySettings settings{options_.configuration.text("memory.text_language")};
        for (const integration::OutboxDatabase& database : databases) {
            boost::asio::io_context loop{1};
            const Result<void> done = async::run_blocking_loop(
                loop, memory::configure_database(database.options, settings, deadline));
            if (!done && done.error().field == "text_language") {
                return fail(invalid_argument("memory.text_language",
                                             "memory.text_language: " + done.error().detail));
            }
            if (!done) {
                return done;
            }
        }
        return {};
    }

    // Events that shards keep until they are delivered: counted, and those of SQL clients and of
    // expiry told to the subscribers of this gateway.
    void start_outbox(std::vector<integration::OutboxDatabase> databases) {
        outbox_ = std::make_unique<integration::OutboxRuntime>(
            std::move(databases),
            integration::OutboxRelay::Subscribers{integration::make_change_announcer(options_.bus)},
            options_.metrics, integration::OutboxLimits{});
    }

    void add_gauges() {
        const auto server = [this] { return server_->statistics(); };
        options_.metrics.gauge("pgmind_http_connections", "Open client connections", {},
                               [server] { return static_cast<double>(server().connections_open); });
        options_.metrics.counter_read_from(
            "pgmind_http_connections_refused_total", "Connections refused by the limit", {},
            [server] { return static_cast<double>(server().connections_refused); });
        async::EventBus& bus = options_.bus;
        options_.metrics.counter_read_from(
            "pgmind_events_dropped_total", "Events that found a queue full", {}, [&bus] {
                double dropped = 0;
                for (const auto& subscriber : bus.statistics()) {
                    dropped += static_cast<double>(subscriber.dropped);
                }
                return dropped;
            });
    }

    GatewayOptions options_;
    async::BlockingPool blocking_;
    std::unique_ptr<security::EncryptionRuntime> encryption_;  // Outlives what seals with it.
    std::unique_ptr<security::SecurityRuntime> security_;
    std::unique_ptr<ReadyCluster> cluster_;
    intelligence::VectorIndexBoard indexes_;
    async::Workers workers_;
    std::unique_ptr<integration::McpEndpoint> mcp_;
    std::vector<std::unique_ptr<WorkerServices>> services_;
    std::unique_ptr<integration::OutboxRuntime> outbox_;
    std::unique_ptr<CertificateWatcher> certificate_watcher_;
    std::unique_ptr<Sweeper> sweeper_;
    std::unique_ptr<IndexKeeper> index_keeper_;
    std::unique_ptr<http::Server> server_;
    std::uint16_t port_ = 0;
    bool made_admin_key_ = false;
    bool running_ = false;
};

Gateway::Gateway(std::unique_ptr<Implementation> implementation)
    : implementation_(std::move(implementation)) {}
Gateway::~Gateway() = default;

Result<std::unique_ptr<Gateway>> Gateway::start(GatewayOptions options, Deadline deadline) {
    auto implementation = std::make_unique<Implementation>(std::move(options));
    if (auto started = implementation->start(deadline); !started) {
        const Result<void> stopped = implementation->stop(deadline);
        if (!stopped) {
            log::warning("stopping after a failed start", {{"error", stopped.error().detail}});
        }
        return fail(std::move(started.error()));
    }
    return std::unique_ptr<Gateway>(new Gateway(std::move(implementation)));
}

std::uint16_t Gateway::port() const {
    return implementation_->port();
}
bool Gateway::secure() const {
    return implementation_->secure();
}
bool Gateway::made_admin_key() const {
    return implementation_->made_admin_key();
}
Result<void> Gateway::stop(Deadline deadline) {
    return implementation_->stop(deadline);
}

}  // namespace pgmind::app
