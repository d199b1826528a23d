#include "commands/up.hpp"

#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <stop_token>
#include <thread>

#include <boost/asio/signal_set.hpp>
#include <sys/resource.h>
#include <unistd.h>

#include "client/endpoint.hpp"
#include "commands/up_cluster.hpp"
#include "demo/package_demo.hpp"
#include "gateway/admin_key_file.hpp"
#include "gateway/gateway.hpp"
#include "output/terminal.hpp"
#include "platform/process/private_memory.hpp"
#include "platform/telemetry/log.hpp"

namespace pgmind::app {
namespace {

constexpr auto kStartTimeout = std::chrono::minutes(2);
constexpr auto kStopTimeout = std::chrono::seconds(30);

struct UpOptions {
    std::string data;
    std::string shards;
    std::string port;
    std::string postgres_port;
    std::string attach;
    bool tls = false;
    bool demo = false;
};

// Waits for SIGINT or SIGTERM on a thread of its own, so that a stop is heard at any moment of the
// start too.
class StopSignals {
  public:
    StopSignals() : signals_(loop_, SIGINT, SIGTERM) {
        signals_.async_wait([this](const boost::system::error_code& error, int signal) {
            if (!error) {
                log::info("asked to stop", {{"signal", signal == SIGINT ? "SIGINT" : "SIGTERM"}});
                source_.request_stop();
            }
        });
        thread_ = std::thread([this] { loop_.run(); });
    }
    ~StopSignals() {
        loop_.stop();
        thread_.join();
    }
    StopSignals(const StopSignals&) = delete;
    StopSignals& operator=(const StopSignals&) = delete;

    std::stop_token token() const { return source_.get_token(); }
    void wait() const {
        std::mutex mutex;
        std::condition_variable_any wake;
        std::unique_lock lock(mutex);
        wake.wait(lock, source_.get_token(), [] { return false; });
    }

  private:
    boost::asio::io_context loop_{1};
    boost::asio::signal_set signals_;
    std::stop_source source_;
    std::thread thread_;
};

std::vector<std::pair<std::string, std::string>> overrides_of(const UpOptions& options) {
    std::vector<std::pair<std::string, std::string>> overrides;
    for (const auto& [key, value] :
         {std::pair("data.directory", &options.data), std::pair("cluster.shards", &options.shards),
          std::pair("http.port", &options.port),
          std::pair("cluster.postgres_port", &options.postgres_port),
          std::pair("cluster.attach", &options.attach)}) {
        if (!value->empty()) {
            overrides.emplace_back(key, *value);
        }
    }
    if (options.tls) {
        overrides.emplace_back("http.tls", "own");
    }
    return overrides;
}

void configure_log(const config::Configuration& configuration) {
    const std::string& level = configuration.text("log.level");
    const std::string& format = configuration.text("log.format");
    const log::Level chosen = level == "debug"     ? log::Level::debug
                              : level == "warning" ? log::Level::warning
                              : level == "error"   ? log::Level::error
                                                   : log::Level::info;
    const bool human = format == "human" || (format == "auto" && isatty(STDERR_FILENO) == 1);
    log::configure(chosen, human ? log::Format::human : log::Format::json);
}

std::string url_of(const Gateway& gateway, const config::Configuration& configuration) {
    std::string host = configuration.text("http.address");
    if (host == "0.0.0.0" || host == "::") {
        host = "localhost";
    } else if (host.find(':') != std::string::npos) {
        host = "[" + host + "]";
    }
    return (gateway.secure() ? "https://" : "http://") + host + ":" +
           std::to_string(gateway.port());
}

void print_welcome(const Gateway& gateway, const config::Configuration& configuration,
                   const cluster::RunningCluster& cluster, const AdminKeyFile& key) {
    std::cout << styled("pgmind " PGMIND_VERSION " is ready", Style::good) << "  "
              << url_of(gateway, configuration) << "  (REST /api/v1, MCP /mcp)\n"
              << "data      " << cluster.directory().string() << "\n";
    for (const cluster::Node& node : cluster.nodes()) {
        std::cout << "postgres  " << node.name << " on " << node.host << ":" << node.port << "\n";
    }
    if (gateway.made_admin_key()) {
        std::cout << "admin key " << key.shown_once() << "\n"
                  << "          shown this once; kept in " << key.path() << " (mode 0600)\n";
    } else {
        std::cout << "admin key in " << key.path() << "\n";
    }
    const bool attached = !configuration.text("cluster.attach").empty();
    std::cout << "Ctrl-C stops " << (attached ? "the gateway" : "everything") << ".\n"
              << std::flush;
}

// The demonstration only shows what runs: when it fails, the server goes on.
void show_demo(const std::string& url, const cluster::RunningCluster& cluster,
               const AdminKeyFile& key_file, const StopSignals& signals) {
    ConnectionHints hints;
    hints.url = url;
    std::error_code unreadable;
    hints.program = std::filesystem::read_symlink("/proc/self/exe", unreadable).string();
    if (hints.program.empty()) {
        hints.program = "pgmind";
    }
    hints.key_file = key_file.path();
    for (const cluster::Node& node : cluster.nodes()) {
        if (node.role == cluster::NodeRole::shard) {
            hints.psql_commands.push_back(
                "PGPASSWORD=$(cat " +
                (cluster.secrets_directory() / "pgmind_gateway.password").string() + ") psql -h " +
                node.host + " -p " + std::to_string(node.port) + " -U pgmind_gateway project");
        }
    }
    Result<std::string> key = key_file.read();
    Result<ApiClient> client =
        key ? ApiClient::connect(Endpoint{url, std::move(*key), ""}) : fail(key.error());
    const Result<void> shown =
        client ? run_package_demo(*client, hints, signals.token()) : fail(client.error());
    if (!shown && !signals.token().stop_requested()) {
        std::cerr << "demo: " << shown.error().detail << "\n";
    }
}

// Each client connection is a file descriptor: the usual soft limit of 1,024 is too low. When it
// cannot be raised, the server refuses connections beyond it by itself.
void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
            log::warning("the limit of open files could not be raised",
                         {{"open_files_max", static_cast<std::uint64_t>(limit.rlim_cur)}});
        }
    }
}

Exit serve(const UpOptions& options, const config::Configuration& configuration) {
    const StopSignals signals;
    // Destroyed from the last to the first: the bus goes before those that it delivers to.
    integration::TraceStore traces{integration::TraceLimits{}};
    std::unique_ptr<Gateway> gateway;
    metrics::Registry registry;
    async::EventBus bus;
    traces.observe(bus);

    auto cluster = start_configured_cluster(configuration, bus, signals.token());
    if (!cluster) {
        return signals.token().stop_requested() ? Exit::success : report(cluster.error());
    }
    const cluster::RunningCluster& running = **cluster;
    auto coordinator = running.coordinator_connection(cluster::Role::gateway);
    auto hmac_key = running.api_key_hmac();
    auto signing_seed = running.audit_signing_seed();
    for (const auto* secret : {&hmac_key, &signing_seed}) {
        if (!*secret) {
            return report(secret->error());
        }
    }
    if (!coordinator) {
        return report(coordinator.error());
    }
    AdminKeyFile key_file(running.directory());
    GatewayOptions gateway_options{
        configuration,
        running.cluster(),
        bus,
        traces,
        registry,
        *coordinator,
        [&running](std::string_view shard, std::string_view database) {
            return running.shard_connection(ShardId(std::string(shard)), std::string(database),
                                            cluster::Role::gateway);
        },
        [&running](std::string_view shard, std::string_view database) {
            return running.shard_connection(ShardId(std::string(shard)), std::string(database),
                                            cluster::Role::migrator);
        },
        [&running](const ShardId& shard, const std::string& database) {
            return running.vector_extension(shard, database);
        },
        *hmac_key,
        *signing_seed,
        running.secrets_directory() / "encryption.keys",
        running.rotation(),
        [&key_file](const security::IssuedApiKey& key) { return key_file.keep(key); },
        [&key_file] { return key_file.read(); },
        PGMIND_VERSION};
    auto started = Gateway::start(std::move(gateway_options), Deadline::after(kStartTimeout));
    if (!started) {
        const Exit exit = report(started.error());
        (*cluster)->stop(Deadline::after(kStopTimeout));
        return exit;
    }
    gateway = std::move(*started);
    print_welcome(*gateway, configuration, running, key_file);
    if (options.demo) {
        show_demo(url_of(*gateway, configuration), running, key_file, signals);
    }
    signals.wait();
    const std::chrono::seconds drain(configuration.integer("http.drain_seconds"));
    const Result<void> stopped = gateway->stop(Deadline::after(drain + kStopTimeout));
    (*cluster)->stop(Deadline::after(kStopTimeout));
    return stopped ? Exit::success : report(stopped.error());
}

// An existing directory may be served by another pgmind, which must be named, not its port.
bool is_first_start(const config::Configuration& configuration) {
    std::filesystem::path directory = configuration.text("data.directory");
    if (directory.empty()) {
        directory = default_data_directory();
    }
    std::error_code unreadable;
    return !std::filesystem::exists(AdminKeyFile(directory).path(), unreadable) && !unreadable;
}

// With a certificate of the cluster's own authority, its files are those of the data directory.
Result<config::Outcome> with_own_certificate(const GlobalOptions& global, const UpOptions& options,
                                             const config::Configuration& configuration) {
    for (const char* key : {"http.tls_certificate_file", "http.tls_key_file"}) {
        if (!configuration.text(key).empty()) {
            return fail(invalid_argument(
                key, std::string(key) + " is for http.tls = files: leave it out with own"));
        }
    }
    const auto directory = cluster::resolved_directory(configuration.text("data.directory"));
    if (!directory) {
        return fail(directory.error());
    }
    const cluster::NodeLayout layout(*directory);
    auto overrides = overrides_of(options);
    overrides.emplace_back("http.tls_certificate_file", layout.gateway_certificate_file());
    overrides.emplace_back("http.tls_key_file", layout.gateway_key_file());
    return load_configuration(global, std::move(overrides));
}

Exit up_with(const UpOptions& options, const config::Configuration& configuration) {
    if (const auto kept = process::keep_memory_private(); !kept) {
        return report(kept.error());
    }
    if (is_first_start(configuration)) {
        // Before a cluster is made and an administrator's key with it, which a gateway that cannot
        // start would never show.
        if (const auto possible = check_gateway(configuration); !possible) {
            return report(possible.error());
        }
    }
    raise_descriptor_limit();
    return serve(options, configuration);
}

Exit up(const GlobalOptions& global, const UpOptions& options) {
    config::Outcome outcome = load_configuration(global, overrides_of(options));
    if (report_problems(outcome.problems)) {
        return Exit::usage;
    }
    configure_log(outcome.configuration);
    if (outcome.configuration.text("http.tls") == "own") {
        auto complete = with_own_certificate(global, options, outcome.configuration);
        if (!complete) {
            return report(complete.error());
        }
        outcome = std::move(*complete);
    }
    return up_with(options, outcome.configuration);
}

}  // namespace

void add_up_command(CommandLine line) {
    CLI::App* command =
        line.app.add_subcommand("up", "Start PostgreSQL shards and the gateway on this machine");
    auto options = std::make_shared<UpOptions>();
    command->add_option("--data", options->data, "Data directory [/var/lib/pgmind as root]");
    command->add_option("--shards", options->shards, "Shards of a new cluster [2]");
    command->add_option("--port", options->port, "Port of REST and MCP [7432]");
    command->add_option("--postgres-port", options->postgres_port,
                        "Port of the coordinator; shards take the next ones [7440]");
    command->add_option("--attach", options->attach,
                        "Start no PostgreSQL: use the servers that this connection service file "
                        "names ([coordinator], [shard-1], ...)");
    command->add_flag("--tls", options->tls,
                      "Serve TLS with a certificate of the cluster's own authority, whose "
                      "certificate is ca.pem in the data directory");
    command->add_flag("--demo", options->demo,
                      "Load Debian's package descriptions on the first start and search them");
    command->footer(
        "Examples:\n  pgmind up\n  pgmind up --data ./memory --shards 3\n"
        "  pgmind up --demo\n  pgmind up --attach /etc/pgmind/servers.conf");
    run_when_parsed(line, command, options, up);
}

}  // namespace pgmind::app
