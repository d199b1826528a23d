#include "integration/app/trace_store.hpp"

#include <thread>

#include <gtest/gtest.h>

namespace pgmind::integration {
namespace {

DomainEvent event_of(const std::string& request, std::string_view name, std::int64_t at_us) {
    DomainEvent event;
    event.name = name;
    event.context = "memory";
    event.request_id = RequestId(request);
    event.occurred_at = WallTime(std::chrono::microseconds(1'000'000 + at_us));
    event.steady_at = SteadyTime(std::chrono::microseconds(5'000'000 + at_us));
    event.attributes = {{"count", std::to_string(at_us)}};
    return event;
}

TEST(TraceStore, GivesTheEventsOfARequestInOrderOfTime) {
    TraceStore store(TraceLimits{});
    store.add(event_of("a", "McpRequestReceived", 0));
    store.add(event_of("b", "McpRequestReceived", 1));
    store.add(event_of("a", "McpResponseSent", 900));
    DomainEvent checked = event_of("a", "PermissionChecked", 40);
    checked.principal = PrincipalId("p-1");
    store.add(checked);

    const auto trace = store.find(RequestId("a"));
    ASSERT_TRUE(trace.has_value());
    ASSERT_EQ(trace->events.size(), 3u);
    EXPECT_EQ(trace->events[0].name, "McpRequestReceived");
    EXPECT_EQ(trace->events[0].offset_us, 0);
    EXPECT_EQ(trace->events[1].name, "PermissionChecked");
    EXPECT_EQ(trace->events[1].offset_us, 40);
    EXPECT_EQ(trace->events[2].name, "McpResponseSent");
    EXPECT_EQ(trace->events[2].offset_us, 900);
    EXPECT_EQ(trace->events[2].attributes[0].second, "900");
    EXPECT_EQ(trace->principal, PrincipalId("p-1"));
    EXPECT_EQ(trace->started_at, WallTime(std::chrono::microseconds(1'000'000)));
    EXPECT_EQ(store.find(RequestId("unknown")), std::nullopt);
}

TEST(TraceStore, KeepsTheNewestRequests) {
    TraceStore store(TraceLimits{.requests_max = 3});
    for (int i = 0; i < 10; ++i) {
        store.add(event_of(std::to_string(i), "ApiEndpointCalled", i));
    }
    EXPECT_EQ(store.size(), 3u);
    EXPECT_FALSE(store.find(RequestId("6")).has_value());
    for (const char* kept : {"7", "8", "9"}) {
        EXPECT_TRUE(store.find(RequestId(kept)).has_value()) << kept;
    }
}

TEST(TraceStore, CountsTheEventsThatARequestHasTooMany) {
    TraceStore store(TraceLimits{.events_max = 2});
    for (int i = 0; i < 5; ++i) {
        store.add(event_of("a", "ShardQueryExecuted", i));
    }
    const auto trace = store.find(RequestId("a"));
    EXPECT_EQ(trace->events.size(), 2u);
    EXPECT_EQ(trace->events_dropped, 3u);
}

TEST(TraceStore, BoundsItsBytes) {
    TraceStore store(TraceLimits{.attribute_bytes_max = 100, .bytes_max = 2'000});
    for (int i = 0; i < 100; ++i) {
        DomainEvent event = event_of(std::to_string(i), "MemoryEntryStored", i);
        event.attributes = {{"key", std::string(5'000, 'k')}};
        store.add(event);
    }
    EXPECT_LE(store.size(), 10u);
    const auto newest = store.find(RequestId("99"));
    ASSERT_TRUE(newest.has_value());
    EXPECT_EQ(newest->events[0].attributes[0].second, std::string(100, 'k'));
}

TEST(TraceStore, IgnoresEventsOfNoRequest) {
    TraceStore store(TraceLimits{});
    store.add(event_of("", "ClusterTopologyChanged", 0));
    EXPECT_EQ(store.size(), 0u);
}

TEST(TraceStore, IsReadWhileTheBusWrites) {
    TraceStore store(TraceLimits{.requests_max = 50});
    async::EventBus bus;
    store.observe(bus);
    std::thread reader([&store] {
        for (int i = 0; i < 2'000; ++i) {
            const auto trace = store.find(RequestId(std::to_string(i % 100)));
            EXPECT_TRUE(!trace.has_value() || !trace->events.empty());
        }
    });
    for (int i = 0; i < 2'000; ++i) {
        bus.publish(event_of(std::to_string(i % 100), "ApiEndpointCalled", i));
    }
    reader.join();
    bus.drain();
    EXPECT_EQ(store.size(), 50u);
}

}  // namespace
}  // namespace pgmind::integration
