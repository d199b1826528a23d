#include "platform/telemetry/metrics.hpp"

#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>

namespace pgmind::metrics {
namespace {

bool has_line(const std::string& page, const std::string& line) {
    return ("\n" + page).find("\n" + line + "\n") != std::string::npos;
}

TEST(Metrics, RenderInTheTextFormat) {
    Registry registry;
    const Counter counter =
        registry.counter("pgmind_requests_total", "Requests.", {{"route", "/x \"y\""}});
    counter.increment();
    counter.increment(2);
    registry.histogram("pgmind_wait_seconds", "Waits.", {}).observe(0.003);
    double level = 1.5;
    registry.gauge("pgmind_level", "A level.", {{"of", "a"}}, [&level] { return level; });
    std::string page = registry.render();
    EXPECT_TRUE(has_line(page, "# TYPE pgmind_requests_total counter")) << page;
    EXPECT_TRUE(has_line(page, "# HELP pgmind_requests_total Requests."));
    EXPECT_TRUE(has_line(page, R"(pgmind_requests_total{route="/x \"y\""} 3)"));
    EXPECT_TRUE(has_line(page, R"(pgmind_wait_seconds_bucket{le="0.002"} 0)"));
    EXPECT_TRUE(has_line(page, R"(pgmind_wait_seconds_bucket{le="0.005"} 1)"));
    EXPECT_TRUE(has_line(page, "pgmind_wait_seconds_count 1"));
    EXPECT_TRUE(has_line(page, R"(pgmind_level{of="a"} 1.5)"));
    level = 7;
    page = registry.render();
    EXPECT_TRUE(has_line(page, R"(pgmind_level{of="a"} 7)"));
}

TEST(Metrics, ACounterKeptElsewhereIsReadAndOnlyGrows) {
    Registry registry;
    double kept = 3;
    registry.counter_read_from("pgmind_refused_total", "Refused.", {}, [&kept] { return kept; });
    const std::string page = registry.render();
    EXPECT_TRUE(has_line(page, "# TYPE pgmind_refused_total counter")) << page;
    EXPECT_TRUE(has_line(page, "pgmind_refused_total 3"));
    kept = 5;
    EXPECT_TRUE(has_line(registry.render(), "pgmind_refused_total 5"));
    kept = 1;
    EXPECT_TRUE(has_line(registry.render(), "pgmind_refused_total 5"));
}

TEST(Metrics, TheSameNameAndLabelsAreTheSameMetric) {
    Registry registry;
    registry.counter("pgmind_a_total", "A.", {{"x", "1"}, {"y", "2"}}).increment();
    registry.counter("pgmind_a_total", "A.", {{"y", "2"}, {"x", "1"}}).increment();
    EXPECT_TRUE(has_line(registry.render(), R"(pgmind_a_total{x="1",y="2"} 2)"));
    EXPECT_THROW(registry.gauge("pgmind_a_total", "A.", {}, [] { return 0.0; }), std::logic_error);
}

TEST(Metrics, LabelSetsAreCapped) {
    Registry registry;
    for (int i = 0; i < 1500; ++i) {
        registry.counter("pgmind_b_total", "B.", {{"id", std::to_string(i)}}).increment();
    }
    registry.counter("pgmind_b_total", "B.", {{"id", "7"}}).increment();
    const std::string page = registry.render();
    EXPECT_TRUE(has_line(page, R"(pgmind_b_total{other="true"} 500)"));
    EXPECT_TRUE(has_line(page, R"(pgmind_b_total{id="7"} 2)"));
    EXPECT_TRUE(has_line(page, R"(pgmind_b_total{id="999"} 1)"));
    EXPECT_EQ(page.find(R"(id="1000")"), std::string::npos);
}

void count_many(Registry& registry) {
    for (int i = 0; i < 10'000; ++i) {
        registry.counter("pgmind_c_total", "C.", {}).increment();
    }
}

TEST(Metrics, AreSafeToUseFromSeveralThreads) {
    Registry registry;
    std::thread other(count_many, std::ref(registry));
    count_many(registry);
    registry.render();
    other.join();
    EXPECT_TRUE(has_line(registry.render(), "pgmind_c_total 20000"));
}

}  // namespace
}  // namespace pgmind::metrics
