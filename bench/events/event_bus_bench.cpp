// What publishing one domain event costs the publisher, with as many subscribers as the gateway
// has, by one thread and by two that publish at once.
#include <benchmark/benchmark.h>

#include "async/event_bus.hpp"

namespace pgmind {
namespace {

struct EntryRead {
    static constexpr std::string_view name = "EntryRead";
    static constexpr std::string_view context = "memory";
    std::string namespace_name;
    EventAttributes attributes() const { return {{"namespace", namespace_name}}; }
};

// Queues that hold all: a dropped event would cost less.
constexpr std::size_t kQueueMax = 1 << 20;
constexpr int kSubscribers = 3;
constexpr int kEvents = 200'000;

async::EventBus& bus() {
    static async::EventBus instance;
    static const bool subscribed = [] {
        for (int i = 0; i < kSubscribers; ++i) {
            instance.subscribe("subscriber", kQueueMax,
                               [](const DomainEvent& event) { benchmark::DoNotOptimize(event); });
        }
        return true;
    }();
    benchmark::DoNotOptimize(subscribed);
    return instance;
}

void publish(benchmark::State& state) {
    async::EventBus& events = bus();
    RequestContext request;
    for (auto _ : state) {
        events.publish(request, EntryRead{"notes"});
    }
    state.SetItemsProcessed(state.iterations());
    if (state.thread_index() == 0) {
        for (const auto& subscriber : events.statistics()) {
            if (subscriber.dropped > 0) {
                state.SkipWithError("events were dropped");
            }
        }
    }
}
BENCHMARK(publish)->Iterations(kEvents)->Threads(1)->UseRealTime();
BENCHMARK(publish)->Iterations(kEvents)->Threads(2)->UseRealTime();

}  // namespace
}  // namespace pgmind

BENCHMARK_MAIN();
