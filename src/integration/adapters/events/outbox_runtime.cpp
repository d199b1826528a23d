#include "integration/adapters/events/outbox_runtime.hpp"

#include <future>

#include "async/workers.hpp"
#include "integration/adapters/events/postgres_outbox.hpp"
#include "platform/postgres/listener.hpp"
#include "platform/postgres/pool.hpp"
#include "platform/telemetry/log.hpp"

namespace pgmind::integration {
namespace {

constexpr std::string_view kChannel = "pgmind_outbox";

// Longer than any statement or handler may take, so that nothing runs any more afterwards.
constexpr std::chrono::seconds kStopTime{30};

postgres::PoolLimits two_connections() {
    postgres::PoolLimits limits;
    limits.connections_max = 2;
    return limits;
}

// The relay of one database with what it needs. Belongs to the relays' loop.
class DatabaseRelay {
  public:
    DatabaseRelay(boost::asio::io_context& loop, OutboxDatabase database,
                  OutboxRelay::Subscribers subscribers, metrics::Registry& registry,
                  OutboxLimits limits)
        : name_(database.name),
          pool_(loop, database.options, two_connections(), nullptr),
          store_(make_postgres_outbox(pool_, database.name)),
          relay_(
              loop.get_executor(), *store_, std::move(subscribers),
              [&registry](const OutboxEvent& event) {
                  registry
                      .counter("pgmind_outbox_events_total", "Events delivered from the outbox",
                               {{"name", event.name}})
                      .increment();
              },
              limits),
          listener_(
              loop, database.options, {std::string(kChannel)},
              [this](std::string_view, std::string_view) { relay_.wake(); },
              [this] { relay_.wake(); }),
          ended_(loop.get_executor()) {
        registry.gauge("pgmind_outbox_dead_letters", "Events that no subscriber would take",
                       {{"database", name_}},
                       [this] { return static_cast<double>(relay_.statistics().dead); });
    }

    void start(Executor executor) {
        running_ = true;
        listener_.start();
        async::spawn(executor, run());
        async::spawn(executor, report());
    }

    Task<void> stop(Deadline deadline) {
        relay_.stop();
        co_await listener_.stop();
        while ((running_ || reporting_) && !deadline.passed()) {
            co_await ended_.wait_until(deadline);
        }
        co_await pool_.close(deadline);
    }

    OutboxStatistics statistics() const { return relay_.statistics(); }

  private:
    Task<void> run() {
        co_await relay_.run();
        running_ = false;
        ended_.notify_all();
    }

    // Logs when the relay begins to fail, and when it works again.
    Task<void> report() {
        reporting_ = true;
        bool failing = false;
        while (running_) {
            const std::string& problem = relay_.problem();
            if (failing != !problem.empty()) {
                failing = !problem.empty();
                if (failing) {
                    log::warning("an outbox cannot be relayed",
                                 {{"database", name_}, {"problem", problem}});
                } else {
                    log::info("an outbox is relayed again", {{"database", name_}});
                }
            }
            const Deadline next = Deadline::after(std::chrono::seconds(1));
            co_await ended_.wait_until(next);
        }
        reporting_ = false;
        ended_.notify_all();
    }

    std::string name_;
    postgres::Pool pool_;
    std::unique_ptr<OutboxStore> store_;
    OutboxRelay relay_;
    postgres::Listener listener_;
    async::Notifier ended_;
    bool running_ = false;
    bool reporting_ = false;
};

}  // namespace

class OutboxRuntime::Implementation {
  public:
    Implementation(std::vector<OutboxDatabase> databases, OutboxRelay::Subscribers subscribers,
                   metrics::Registry& registry, OutboxLimits limits)
        : thread_(1) {
        for (OutboxDatabase& database : databases) {
            relays_.push_back(std::make_unique<DatabaseRelay>(thread_.loop(0), std::move(database),
                                                              subscribers, registry, limits));
        }
        async::spawn(thread_.executor(0), start_all());
        thread_.start();
    }

    ~Implementation() { stop(); }

    void stop() {
        if (stopped_) {
            return;
        }
        stopped_ = true;
        std::promise<void> promise;
        std::future<void> done = promise.get_future();
        async::spawn(thread_.executor(0), stop_all(std::move(promise)));
        done.wait();
        thread_.stop();
        thread_.join();
    }

    OutboxStatistics statistics() const {
        OutboxStatistics sum;
        for (const auto& relay : relays_) {
            const OutboxStatistics one = relay->statistics();
            sum.delivered += one.delivered;
            sum.failed += one.failed;
            sum.dead += one.dead;
        }
        return sum;
    }

  private:
    Task<void> start_all() {
        for (auto& relay : relays_) {
            relay->start(thread_.executor(0));
        }
        co_return;
    }

    Task<void> stop_all(std::promise<void> promise) {
        const Deadline deadline = Deadline::after(kStopTime);
        for (auto& relay : relays_) {
            co_await relay->stop(deadline);
        }
        promise.set_value();
    }

    async::Workers thread_;
    std::vector<std::unique_ptr<DatabaseRelay>> relays_;
    bool stopped_ = false;
};

OutboxRuntime::OutboxRuntime(std::vector<OutboxDatabase> databases,
                             OutboxRelay::Subscribers subscribers, metrics::Registry& registry,
                             OutboxLimits limits)
    : implementation_(std::make_unique<Implementation>(std::move(databases), std::move(subscribers),
                                                       registry, limits)) {}

OutboxRuntime::~OutboxRuntime() = default;

OutboxStatistics OutboxRuntime::statistics() const {
    return implementation_->statistics();
}

void OutboxRuntime::stop() {
    implementation_->stop();
}

}  // namespace pgmind::integration
