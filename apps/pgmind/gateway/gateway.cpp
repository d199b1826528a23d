#include "gateway/gateway.hpp"

#include <thread>

#include "async/when_all.hpp"
#include "async/workers.hpp"
#include "gateway/ready_cluster.hpp"
#include "gateway/sweeper.hpp"
#include "gateway/worker_services.hpp"
#include "platform/telemetry/log.hpp"

namespace pgmind::app {
namespace {

constexpr std::size_t kBlockingThreads = 2;
constexpr std::size_t kBlockingQueueMax = 256;

bool is_loopback(const std::string& address) {
    return address == "::1" || address.starts_with("127.");
}

std::size_t worker_count(const config::Configuration& configuration) {
    const std::int64_t wanted = configuration.integer("http.workers");
    if (wanted > 0) {
        return static_cast<std::size_t>(wanted);
    }
    return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 64);
}

http::ServerOptions server_options(const config::Configuration& configuration) {
    http::ServerOptions options;
    options.address = configuration.text("http.address");
    options.port = static_cast<std::uint16_t>(configuration.integer("http.port"));
    options.tls_certificate_file = configuration.text("http.tls_certificate_file");
    options.tls_key_file = configuration.text("http.tls_key_file");
    options.connections_max =
        static_cast<std::size_t>(configuration.integer("http.connections_max"));
    return options;
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

Task<bool> close_services(WorkerServices& services, Deadline deadline) {
    co_await services.close(deadline);
    co_return true;
}

Task<bool> stop_sweeper(Sweeper& sweeper) {
    co_await sweeper.stop();
    co_return true;
}

}  // namespace

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
        security::SecurityOptions security;
        security.coordinator = options_.coordinator;
        security.hmac_key = std::move(options_.hmac_key);
        auto runtime = security::SecurityRuntime::start(std::move(security), options_.bus,
                                                        options_.metrics, deadline);
        if (!runtime) {
            return fail(std::move(runtime.error()));
        }
        security_ = std::move(*runtime);
        auto administrator =
            security_->ensure_administrator(options_.keep_admin_key, deadline);
        if (!administrator) {
            return fail(std::move(administrator.error()));
        }
        made_admin_key_ = administrator->has_value();
        cluster_ = std::make_unique<ReadyCluster>(options_.cluster, *security_);
        if (auto made = make_services(); !made) {
            return made;
        }
        server_ = std::make_unique<http::Server>(
            workers_, server_options(options_.configuration),
            [this](std::size_t worker) { return services_[worker]->handler(); });
        if (auto started = server_->start(); !started) {
            return started;
        }
        add_gauges();
        const std::chrono::seconds pause(options_.configuration.integer("memory.sweep_seconds"));
        sweeper_ = std::make_unique<Sweeper>(workers_.executor(0), services_[0]->memory(), pause);
        sweeper_->start();
        workers_.start();
        return {};
    }

    Result<void> stop(Deadline deadline) {
        boost::asio::io_context loop(1);
        if (server_) {
            async::run_blocking_loop(loop, server_->drain(deadline));
        }
        if (sweeper_) {
            async::run_blocking_loop(
                loop, async::run_on(workers_.executor(0), stop_sweeper(*sweeper_)));
            for (std::size_t i = 0; i < services_.size(); ++i) {
                auto closing = close_services(*services_[i], deadline);
                async::run_blocking_loop(
                    loop, async::run_on(workers_.executor(i), std::move(closing)));
            }
        }
        workers_.stop();
        workers_.join();
        Result<void> stopped;
        if (security_) {
            stopped = security_->stop(deadline);
        }
        options_.bus.drain();
        return stopped;
    }

    std::uint16_t port() const { return server_->port(); }
    bool secure() const {
        return !options_.configuration.text("http.tls_certificate_file").empty();
    }
    bool made_admin_key() const { return made_admin_key_; }

  private:
    Result<void> make_services() {
        const SharedServices shared{options_, *cluster_, *security_, options_.traces, blocking_};
        for (std::size_t i = 0; i < workers_.size(); ++i) {
            auto made = WorkerServices::make(workers_.loop(i), shared);
            if (!made) {
                return fail(std::move(made.error()));
            }
            services_.push_back(std::move(*made));
        }
        return {};
    }

    void add_gauges() {
        const auto server = [this] { return server_->statistics(); };
        options_.metrics.gauge(
            "pgmind_http_connections", "Open client connections", {},
            [server] { return static_cast<double>(server().connections_open); });
        options_.metrics.gauge(
            "pgmind_http_connections_refused", "Connections refused by the limit", {},
            [server] { return static_cast<double>(server().connections_refused); });
        async::EventBus& bus = options_.bus;
        options_.metrics.gauge("pgmind_events_dropped", "Events that found a queue full", {},
                               [&bus] {
                                   double dropped = 0;
                                   for (const auto& subscriber : bus.statistics()) {
                                       dropped += static_cast<double>(subscriber.dropped);
                                   }
                                   return dropped;
                               });
    }

    GatewayOptions options_;
    async::BlockingPool blocking_;
    std::unique_ptr<security::SecurityRuntime> security_;
    std::unique_ptr<ReadyCluster> cluster_;
    async::Workers workers_;
    std::vector<std::unique_ptr<WorkerServices>> services_;
    std::unique_ptr<Sweeper> sweeper_;
    std::unique_ptr<http::Server> server_;
    bool made_admin_key_ = false;
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

std::uint16_t Gateway::port() const { return implementation_->port(); }
bool Gateway::secure() const { return implementation_->secure(); }
bool Gateway::made_admin_key() const { return implementation_->made_admin_key(); }
Result<void> Gateway::stop(Deadline deadline) { return implementation_->stop(deadline); }

}  // namespace pgmind::app
