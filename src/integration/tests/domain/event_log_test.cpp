#include "integration/domain/event_log.hpp"

#include <gtest/gtest.h>

#include "integration/domain/log_level.hpp"

namespace pgmind::integration::mcp {
namespace {

TEST(EventLog, a_stream_is_taken_up_where_it_was_lost) {
    EventLog log({10, 1000});
    const auto one = log.open_stream();
    const auto two = log.open_stream();
    const EventId first = log.append(one, "a");
    log.append(two, "x");
    const EventId second = log.append(one, "b");
    log.append(one, "c");

    const auto rest = log.after(first);
    ASSERT_TRUE(rest);
    ASSERT_EQ(rest->events.size(), 2U);
    EXPECT_EQ(rest->events[0].text, "b");
    EXPECT_EQ(rest->events[0].id, second);
    EXPECT_TRUE(rest->open);
    EXPECT_EQ(log.after({one, 0})->events.size(), 3U);
    log.close_stream(one);
    EXPECT_FALSE(log.after(first)->open);
}

TEST(EventLog, unknown_places_are_refused) {
    EventLog log({10, 1000});
    const auto stream = log.open_stream();
    log.append(stream, "a");
    EXPECT_FALSE(log.after({stream, 2}));
    EXPECT_FALSE(log.after({stream + 1, 0}));
}

TEST(EventLog, the_oldest_events_go_first_and_a_gap_is_never_hidden) {
    EventLog log({2, 1000});
    const auto stream = log.open_stream();
    log.append(stream, "a");
    log.append(stream, "b");
    log.append(stream, "c");
    EXPECT_FALSE(log.after({stream, 0}));
    ASSERT_TRUE(log.after({stream, 1}));
    EXPECT_EQ(log.after({stream, 1})->events.size(), 2U);
}

TEST(EventLog, bytes_are_limited_too) {
    EventLog log({100, 10});
    const auto stream = log.open_stream();
    log.append(stream, "123456");
    log.append(stream, "123456");
    EXPECT_FALSE(log.after({stream, 0}));
    EXPECT_EQ(log.after({stream, 1})->events.size(), 1U);
    log.append(stream, "this one alone is too long");
    EXPECT_FALSE(log.after({stream, 1}));
    EXPECT_TRUE(log.after({stream, 3})->events.empty());
}

TEST(EventLog, a_closed_stream_is_forgotten_with_its_last_event) {
    EventLog log({1, 1000});
    const auto one = log.open_stream();
    log.append(one, "a");
    log.close_stream(one);
    EXPECT_TRUE(log.after({one, 0}));
    const auto two = log.open_stream();
    log.append(two, "b");
    EXPECT_FALSE(log.after({one, 0}));
    log.close_stream(one);
    const auto three = log.open_stream();
    log.close_stream(three);
    EXPECT_FALSE(log.after({three, 0}));
}

TEST(EventLog, event_ids_are_text) {
    EXPECT_EQ(format_event_id({3, 17}), "3-17");
    EXPECT_EQ(parse_event_id("3-17"), (EventId{3, 17}));
    for (const char* bad :
         {"", "-", "3", "3-", "-1", "3-1x", "3--1", "99999999999999999999999-1"}) {
        EXPECT_FALSE(parse_event_id(bad)) << bad;
    }
}

TEST(LogLevel, names_and_their_order) {
    EXPECT_EQ(parse_log_level("debug"), LogLevel::debug);
    EXPECT_EQ(parse_log_level("emergency"), LogLevel::emergency);
    EXPECT_FALSE(parse_log_level("loud"));
    EXPECT_EQ(text_of(LogLevel::notice), "notice");
    EXPECT_LT(LogLevel::info, LogLevel::warning);
}

}  // namespace
}  // namespace pgmind::integration::mcp
