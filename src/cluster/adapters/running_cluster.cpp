#include "cluster/adapters/running_cluster.hpp"

#include <cstdlib>
#include <future>
#include <map>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "async/when_all.hpp"
#include "async/workers.hpp"
#include "cluster/adapters/embedded_rotation.hpp"
#include "cluster/adapters/log_journal.hpp"
#include "cluster/adapters/migrations.hpp"
#include "cluster/adapters/postgres_catalog.hpp"
#include "cluster/adapters/postgres_probe.hpp"
#include "cluster/api/errors.hpp"
#include "cluster/app/start_cluster.hpp"
#include "platform/process/identity.hpp"
#include "platform/telemetry/log.hpp"

namespace pgmind::cluster {
namespace {

constexpr std::chrono::seconds kStopByDestructor{30};
constexpr std::chrono::minutes kRotationTimeout{1};
constexpr std::chrono::minutes kSecretsInterval{10};

std::optional<std::string> environment(const char* name) {
    // tidy: allow environment because XDG defines the default directory by it
    const char* value = std::getenv(name);
    return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string>(value);
}

std::vector<postgres::Migration> joined(std::vector<postgres::Migration> own,
                                        const std::vector<postgres::Migration>& others) {
    own.insert(own.end(), others.begin(), others.end());
    return own;
}

}  // namespace

Result<std::filesystem::path> resolved_directory(const std::filesystem::path& asked) {
    std::filesystem::path directory = asked;
    if (directory.empty()) {
        const bool is_root = process::current_identity().is_root();
        auto usual = default_directory(is_root, environment("XDG_DATA_HOME"), environment("HOME"));
        if (!usual) {
            return fail(std::move(usual.error()));
        }
        directory = std::move(*usual);
    }
    for (const char c : directory.string()) {
        if (static_cast<unsigned char>(c) < 0x20) {
            return fail(Errc::invalid_request,
                        "the path of the data directory has control characters", "data");
        }
    }
    std::error_code failure;
    auto canonical = std::filesystem::weakly_canonical(directory, failure);
    if (failure) {
        return fail(
            Errc::directory_unusable,
            "cannot use the data directory " + directory.string() + ": " + failure.message(),
            "data");
    }
    // "dir/" would leave an empty last part.
    return canonical.has_filename() ? canonical : canonical.parent_path();
}

class RunningCluster::Implementation {
  public:
    Implementation(ClusterOptions options, ClusterParts parts);
    ~Implementation() { stop(Deadline::after(kStopByDestructor)); }

    Result<void> start(std::stop_token cancel);
    void stop(Deadline deadline);

    const NodeLayout& layout() const { return layout_; }
    const NodeConnections& connections() const { return *connections_; }
    const std::map<std::string, DatabaseVectors>& vectors() const { return vectors_; }
    const ClusterView& view() const { return view_; }
    SecretRotation* rotation() const { return rotation_.get(); }
    const std::vector<Node>& nodes() const { return nodes_; }

  private:
    Task<Result<void>> start_all();
    Task<Result<void>> begin_supervision(StartedCluster started);
    Task<Result<void>> first_check(Node node);
    Task<void> run_node(Node node, bool supervise);
    Task<void> keep_secrets();
    Task<void> renew_secrets();
    Task<void> stop_all(Deadline deadline);

    ClusterOptions options_;
    NodeLayout layout_;
    std::shared_ptr<const NodeConnections> connections_;
    ClusterView view_;
    std::unique_ptr<Journal> journal_;
    std::unique_ptr<DataDirectory> directory_;
    std::map<std::string, DatabaseVectors> vectors_;  // By shard; written before start() returns.
    // One thread, apart from those that serve requests, and as long-lived as the instances: their
    // death signal goes by thread.
    async::Workers thread_{1};
    boost::asio::io_context& loop_ = thread_.loop(0);
    // Objects of the loop: destroyed before it, and after its thread has ended.
    std::unique_ptr<Instances> instances_;
    std::unique_ptr<Catalog> catalog_;
    std::unique_ptr<Probe> probe_;
    std::unique_ptr<Supervision> supervision_;
    async::Notifier task_ended_{loop_.get_executor()};
    std::size_t tasks_ = 0;
    std::vector<Node> nodes_;
    std::unique_ptr<SecretRotation> rotation_;
    bool running_ = false;
};

RunningCluster::Implementation::Implementation(ClusterOptions options, ClusterParts parts)
    : options_(std::move(options)),
      layout_(std::move(parts.layout)),
      connections_(std::move(parts.connections)),
      view_(options_.product_version, system_clock()),
      journal_(make_log_journal()),
      directory_(std::move(parts.directory)) {
    instances_ = parts.make_instances(loop_.get_executor());
    catalog_ = make_postgres_catalog(
        {{connections_, layout_, options_.vectors, options_.sql_logins,
          options_.coordinator_script},
         joined(cluster_coordinator_migrations(), options_.coordinator_migrations),
         joined(cluster_shard_migrations(), options_.shard_migrations),
         options_.pgvector_migrations});
    probe_ = make_postgres_probe(connections_);
    supervision_ =
        std::make_unique<Supervision>(loop_.get_executor(), *instances_, *catalog_, *probe_, view_,
                                      *journal_, options_.events, system_clock(), options_.times);
    if (options_.own_servers) {
        rotation_ = make_embedded_rotation(
            loop_.get_executor(),
            {connections_, layout_, nodes_, *instances_, options_.gateway_names});
    }
    thread_.start();
    running_ = true;
}

Result<void> RunningCluster::Implementation::start(std::stop_token cancel) {
    std::promise<Result<void>> promise;
    std::future<Result<void>> started = promise.get_future();
    const std::stop_callback on_cancel(
        std::move(cancel), [this] { boost::asio::post(loop_, [this] { instances_->cancel(); }); });
    boost::asio::co_spawn(loop_, start_all(),
                          [&promise](std::exception_ptr thrown, Result<void> result) {
                              if (thrown) {
                                  promise.set_exception(thrown);
                              } else {
                                  promise.set_value(std::move(result));
                              }
                          });
    return started.get();
}

Task<Result<void>> RunningCluster::Implementation::start_all() {
    const StartPorts ports{*directory_, *instances_, *catalog_, *journal_, system_clock()};
    const Deadline deadline = Deadline::after(options_.start_timeout);
    Result<StartedCluster> started = co_await start_cluster(ports, options_.request, deadline);
    if (!started) {
        co_return fail(std::move(started.error()));
    }
    Result<void> done = co_await begin_supervision(std::move(*started));
    co_return done;
}

Task<Result<void>> RunningCluster::Implementation::begin_supervision(StartedCluster started) {
    nodes_ = started.nodes;
    if (!options_.gateway_names.empty()) {
        const auto made = ensure_gateway_certificate(layout_, options_.gateway_names, false);
        if (!made) {
            co_return fail(made.error());
        }
    }
    vectors_ = std::move(started.vectors);
    view_.set_nodes(nodes_);
    view_.set_map(std::move(started.map));
    std::vector<Task<Result<void>>> checks;
    for (const Node& node : nodes_) {
        view_.node_started(node);
        checks.push_back(first_check(node));
    }
    co_await async::when_all(std::move(checks));
    for (const Node& node : nodes_) {
        for (const bool supervise : {true, false}) {
            ++tasks_;
            async::spawn(loop_.get_executor(), run_node(node, supervise));
        }
    }
    if (rotation_) {
        ++tasks_;
        async::spawn(loop_.get_executor(), keep_secrets());
    }
    co_return Result<void>();
}

Task<Result<void>> RunningCluster::Implementation::first_check(Node node) {
    co_await check_node(*supervision_, std::move(node));
    co_return Result<void>();
}

Task<void> RunningCluster::Implementation::run_node(Node node, bool supervise) {
    if (supervise) {
        co_await supervise_node(*supervision_, std::move(node));
    } else {
        co_await monitor_node(*supervision_, std::move(node));
    }
    --tasks_;
    task_ended_.notify_all();
}

Task<void> RunningCluster::Implementation::renew_secrets() {
    if (!options_.gateway_names.empty()) {
        const auto renewed = ensure_gateway_certificate(layout_, options_.gateway_names, false);
        if (!renewed) {
            log::error("the gateway's certificate cannot be renewed",
                       {{"error", renewed.error().detail}});
        }
    }
    if (options_.rotate_passwords_every <= std::chrono::hours(0)) {
        co_return;
    }
    const Deadline deadline = Deadline::after(kRotationTimeout);
    const auto ages = co_await rotation_->ages(deadline);
    const bool due =
        ages && system_clock().now() - ages->passwords_made_at >= options_.rotate_passwords_every;
    if (ages && !due) {
        co_return;
    }
    const auto done = ages ? co_await rotation_->rotate_passwords(deadline) : fail(ages.error());
    if (done) {
        log::info("the passwords of PostgreSQL's roles were due and have been changed", {});
    } else {
        log::error("the passwords of PostgreSQL's roles are due and could not be changed",
                   {{"error", done.error().detail}});
    }
}

Task<void> RunningCluster::Implementation::keep_secrets() {
    while (!supervision_->stopping()) {
        co_await renew_secrets();
        co_await supervision_->pause(kSecretsInterval);
    }
    --tasks_;
    task_ended_.notify_all();
}

Task<void> RunningCluster::Implementation::stop_all(Deadline deadline) {
    supervision_->request_stop();
    instances_->cancel();
    co_await stop_nodes(*instances_, nodes_, deadline);
    while (tasks_ > 0) {
        co_await task_ended_.wait();
    }
    // The connections of the probe end on the loop that they belong to.
    probe_.reset();
}

void RunningCluster::Implementation::stop(Deadline deadline) {
    if (!std::exchange(running_, false)) {
        return;
    }
    std::promise<void> stopped;
    boost::asio::co_spawn(loop_, stop_all(deadline), [&stopped](std::exception_ptr thrown) {
        if (thrown) {
            stopped.set_exception(thrown);
        } else {
            stopped.set_value();
        }
    });
    stopped.get_future().get();
    thread_.stop();
    thread_.join();
}

Result<std::unique_ptr<RunningCluster>> RunningCluster::start(ClusterOptions options,
                                                              ClusterParts parts,
                                                              std::stop_token cancel) {
    auto implementation = std::make_unique<Implementation>(std::move(options), std::move(parts));
    Result<void> started = implementation->start(std::move(cancel));
    if (!started) {
        return fail(std::move(started.error()));
    }
    return std::unique_ptr<RunningCluster>(new RunningCluster(std::move(implementation)));
}

RunningCluster::RunningCluster(std::unique_ptr<Implementation> implementation)
    : implementation_(std::move(implementation)) {}

RunningCluster::~RunningCluster() = default;

const Cluster& RunningCluster::cluster() const {
    return implementation_->view();
}

Result<postgres::ConnectionOptions> RunningCluster::shard_connection(const ShardId& shard,
                                                                     const std::string& database,
                                                                     Role role) const {
    for (const Node& node : implementation_->nodes()) {
        if (node.role == NodeRole::shard && node.name == shard.value()) {
            return implementation_->connections().to(node, database, role);
        }
    }
    return fail(Errc::broken_state, "the cluster has no shard " + shard.value());
}

Result<postgres::ConnectionOptions> RunningCluster::coordinator_connection(Role role) const {
    return implementation_->connections().to(implementation_->nodes().front(), "pgmind", role);
}

VectorExtension RunningCluster::vector_extension(const ShardId& shard,
                                                 const std::string& database) const {
    return implementation_->vectors().at(shard.value()).at(database);
}

SecretRotation* RunningCluster::rotation() const {
    return implementation_->rotation();
}

const std::vector<Node>& RunningCluster::nodes() const {
    return implementation_->nodes();
}

const std::filesystem::path& RunningCluster::directory() const {
    return implementation_->layout().directory();
}

std::filesystem::path RunningCluster::secrets_directory() const {
    return implementation_->layout().secrets_directory();
}

Result<std::string> RunningCluster::audit_signing_seed() const {
    return Secrets(implementation_->layout()).audit_signing_seed();
}

Result<std::string> RunningCluster::api_key_hmac() const {
    return Secrets(implementation_->layout()).api_key_hmac();
}

void RunningCluster::stop(Deadline deadline) {
    implementation_->stop(deadline);
}

}  // namespace pgmind::cluster
