#include "gateway/index_keeper.hpp"

#include <boost/asio/post.hpp>

#include "intelligence/adapters/postgres_vector_index.hpp"
#include "memory/api/events.hpp"
#include "platform/telemetry/log.hpp"

namespace pgmind::app {
namespace {

constexpr auto kPause = std::chrono::seconds(30);
// Deleting one namespace after the other must not vacuum after each.
constexpr auto kPauseBeforeVacuum = std::chrono::seconds(1);
constexpr auto kVacuumTimeout = std::chrono::hours(1);
constexpr std::size_t kEventsMax = 1000;

}  // namespace

struct IndexKeeperState {
    IndexKeeperState(Executor on, std::vector<IndexedDatabase> wanted,
                     intelligence::VectorIndexBoard& at, async::EventBus& events)
        : executor(on), wake(on), databases(std::move(wanted)), board(at), bus(events) {}

    Executor executor;
    async::Notifier wake;
    std::vector<IndexedDatabase> databases;
    intelligence::VectorIndexBoard& board;
    async::EventBus& bus;
    std::uint64_t removals = 0;  ///< namespaces deleted so far
    std::size_t running = 0;
    bool stopping = false;
};

namespace {

using intelligence::VectorIndexState;
using intelligence::VectorIndexStatus;

intelligence::VectorIndexStatus first_status(const IndexedDatabase& database) {
    VectorIndexStatus status;
    status.shard = database.shard;
    status.database = database.database;
    return status;
}

void tell(const VectorIndexStatus& status, const Error& error) {
    log::warning("the vector index could not be looked after; the next round tries again",
                 {{"shard", status.shard}, {"database", status.database}, {"error", error.detail}});
}

/// Waits for the pause to pass, for a namespace to be deleted, or for the end.
Task<void> pause(IndexKeeperState& state, std::uint64_t removals_seen) {
    const Deadline next_round = Deadline::after(kPause);
    if (!state.stopping && state.removals == removals_seen) {
        co_await state.wake.wait_until(next_round);
    }
    const Deadline settled = Deadline::after(kPauseBeforeVacuum);
    while (!state.stopping && state.removals != removals_seen && !settled.passed()) {
        co_await state.wake.wait_until(settled);
    }
}

Task<void> keep(std::shared_ptr<IndexKeeperState> state, IndexedDatabase database) {
    const auto store = intelligence::make_postgres_vector_index(database.options, database.vectors);
    VectorIndexStatus status = first_status(database);
    const std::function<bool()> go_on = [&state] { return !state->stopping; };
    std::uint64_t removals_seen = state->removals;
    while (!state->stopping) {
        const auto kept = co_await intelligence::keep_vector_index(*store, status, state->board,
                                                                   state->bus, go_on);
        if (!kept && !state->stopping) {
            tell(status, kept.error());
        }
        co_await pause(*state, removals_seen);
        if (state->stopping || state->removals == removals_seen) {
            continue;
        }
        removals_seen = state->removals;
        const Deadline deadline = Deadline::after(kVacuumTimeout);
        const auto vacuumed = co_await store->vacuum(deadline);
        if (!vacuumed) {
            tell(status, vacuumed.error());
        }
    }
    --state->running;
    state->wake.notify_all();
}

}  // namespace

IndexKeeper::IndexKeeper(Executor executor, std::vector<IndexedDatabase> databases,
                         intelligence::VectorIndexBoard& board, async::EventBus& bus)
    : state_(std::make_shared<IndexKeeperState>(executor, std::move(databases), board, bus)) {
    for (const IndexedDatabase& database : state_->databases) {
        board.put(first_status(database));
    }
    // The bus has a thread of its own, and outlives this object.
    bus.subscribe(
        "vector index", kEventsMax,
        [executor, weak = std::weak_ptr<IndexKeeperState>(state_)](const DomainEvent& event) {
            if (event.name != memory::NamespaceDeleted::name || weak.expired()) {
                return;
            }
            boost::asio::post(executor, [weak] {
                if (const auto state = weak.lock()) {
                    ++state->removals;
                    state->wake.notify_all();
                }
            });
        });
}

IndexKeeper::~IndexKeeper() = default;

void IndexKeeper::start() {
    for (const IndexedDatabase& database : state_->databases) {
        ++state_->running;
        async::spawn(state_->executor, keep(state_, database));
    }
}

Task<void> IndexKeeper::stop() {
    state_->stopping = true;
    state_->wake.notify_all();
    while (state_->running > 0) {
        co_await state_->wake.wait();
    }
}

}  // namespace pgmind::app
