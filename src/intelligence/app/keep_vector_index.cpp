#include "intelligence/app/keep_vector_index.hpp"

#include "base/request_context.hpp"
#include "intelligence/api/events.hpp"

namespace pgmind::intelligence {
namespace {

constexpr auto kAskTimeout = std::chrono::seconds(30);
constexpr auto kBuildTimeout = std::chrono::hours(24);
constexpr int kStepsMax = 4;  // Build, look, announce, look.

RequestContext round_context() {
    RequestContext context;
    context.request_id = new_request_id();
    context.protocol = "internal";
    return context;
}

Task<Result<bool>> build(VectorIndexStore& store, bool rebuild, VectorIndexStatus& status,
                         VectorIndexBoard& board, const std::function<bool()>& go_on) {
    status.state = VectorIndexState::building;
    status.progress = 0;
    board.put(status);
    std::function<bool(double)> report = [&](double progress) {
        status.progress = progress;
        board.put(status);
        return go_on();
    };
    const Deadline deadline = Deadline::after(kBuildTimeout);
    auto built = co_await store.build(rebuild, std::move(report), deadline);
    co_return built;
}

Task<Result<void>> announce(VectorIndexStore& store, const VectorIndexStatus& status,
                            async::EventBus& events) {
    const Deadline deadline = Deadline::after(kAskTimeout);
    const auto first = co_await store.announce(deadline);
    if (!first) {
        co_return fail(first.error());
    }
    if (*first) {
        events.publish(round_context(), VectorIndexCreated{status.shard, status.database});
    }
    co_return Result<void>();
}

Task<Result<void>> measure(VectorIndexStore& store, VectorIndexStatus& status) {
    const Deadline deadline = Deadline::after(kAskTimeout);
    const auto size = co_await store.measure(deadline);
    if (!size) {
        co_return fail(size.error());
    }
    status.namespaces = size->namespaces;
    status.vectors = size->vectors;
    status.bytes = size->bytes;
    co_return Result<void>();
}

// What is left to do after one step; an error ends the look.
Task<Result<bool>> step(VectorIndexStore& store, VectorIndexStatus& status, VectorIndexBoard& board,
                        async::EventBus& events, const std::function<bool()>& go_on) {
    const Deadline deadline = Deadline::after(kAskTimeout);
    const auto facts = co_await store.inspect(deadline);
    if (!facts) {
        status.state = VectorIndexState::unknown;
        co_return fail(facts.error());
    }
    status.state = state_of(*facts);
    const VectorIndexStep next = next_step(*facts);
    if (next == VectorIndexStep::build || next == VectorIndexStep::rebuild) {
        const bool rebuild = next == VectorIndexStep::rebuild;
        const auto built = co_await build(store, rebuild, status, board, go_on);
        if (!built) {
            status.state = VectorIndexState::absent;
            co_return fail(built.error());
        }
        co_return *built;
    }
    if (next == VectorIndexStep::announce) {
        const auto announced = co_await announce(store, status, events);
        if (!announced) {
            co_return fail(announced.error());
        }
    }
    co_return false;
}

}  // namespace

Task<Result<void>> keep_vector_index(VectorIndexStore& store, VectorIndexStatus& status,
                                     VectorIndexBoard& board, async::EventBus& events,
                                     const std::function<bool()>& go_on) {
    Result<void> outcome;
    for (int steps = 0; steps < kStepsMax; ++steps) {
        const auto more = co_await step(store, status, board, events, go_on);
        if (!more) {
            outcome = fail(more.error());
        }
        if (!more || !*more) {
            break;
        }
    }
    if (outcome && status.state == VectorIndexState::ready) {
        outcome = co_await measure(store, status);
    }
    status.problem = outcome ? "" : outcome.error().detail;
    board.put(status);
    co_return outcome;
}

}  // namespace pgmind::intelligence
