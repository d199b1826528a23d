#include "async/event_bus.hpp"

#include <atomic>
#include <future>

#include <gtest/gtest.h>

namespace pgmind::async {
namespace {

struct Happened {
    static constexpr std::string_view name = "Happened";
    static constexpr std::string_view context = "memory";
    int number = 0;
    EventAttributes attributes() const { return {{"number", std::to_string(number)}}; }
};

TEST(EventBus, DeliversToEverySubscriberInOrder) {
    EventBus bus;
    std::vector<std::string> first;
    std::atomic<int> second = 0;
    bus.subscribe("first", 100,
                  [&](const DomainEvent& event) { first.push_back(event.attributes[0].second); });
    bus.subscribe("second", 100, [&](const DomainEvent&) { ++second; });
    for (int i = 0; i < 3; ++i) {
        bus.publish(RequestContext{}, Happened{i});
    }
    bus.drain();
    EXPECT_EQ(first, (std::vector<std::string>{"0", "1", "2"}));
    EXPECT_EQ(second, 3);
}

TEST(EventBus, AFullQueueDropsAndCountsButNeverBlocks) {
    EventBus bus;
    std::promise<void> release;
    std::shared_future<void> released = release.get_future().share();
    bus.subscribe("slow", 2, [released](const DomainEvent&) { released.wait(); });
    for (int i = 0; i < 10; ++i) {
        bus.publish(RequestContext{}, Happened{i});
    }
    release.set_value();
    bus.drain();
    const auto statistics = bus.statistics();
    ASSERT_EQ(statistics.size(), 1u);
    EXPECT_EQ(statistics[0].delivered + statistics[0].dropped, 10u);
    EXPECT_GE(statistics[0].dropped, 7u);
}

}  // namespace
}  // namespace pgmind::async
