#include "base/clock.hpp"

#include <charconv>
#include <cstdio>

namespace pgmind {
namespace {

class SystemClock final : public Clock {
  public:
    WallTime now() const override {
        return std::chrono::time_point_cast<std::chrono::microseconds>(
            std::chrono::system_clock::now());
    }
    SteadyTime steady_now() const override { return std::chrono::steady_clock::now(); }
};

// Reads exactly `count` decimal digits at `text[at]`; -1 when they are not there.
int digits(std::string_view text, std::size_t at, std::size_t count) {
    if (at + count > text.size()) {
        return -1;
    }
    int value = 0;
    for (std::size_t i = at; i < at + count; ++i) {
        if (text[i] < '0' || text[i] > '9') {
            return -1;
        }
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

struct Offset {
    bool valid = false;
    std::chrono::minutes value{0};
};

Offset parse_offset(std::string_view text) {
    if (text == "Z" || text == "z") {
        return {true, std::chrono::minutes(0)};
    }
    if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') {
        return {};
    }
    const int hours = digits(text, 1, 2);
    const int minutes = digits(text, 4, 2);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) {
        return {};
    }
    const auto offset = std::chrono::hours(hours) + std::chrono::minutes(minutes);
    return {true, text[0] == '-' ? -offset : offset};
}

}  // namespace

const Clock& system_clock() {
    static const SystemClock clock;
    return clock;
}

std::string format_time(WallTime time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    char text[48];
    const int size = std::snprintf(
        text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
        static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
        static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
    return std::string(text, static_cast<std::size_t>(size));
}

Result<WallTime> parse_time(std::string_view text) {
    const auto bad = [] {
        return fail(BaseErrc::invalid_argument,
                    "not an RFC 3339 time such as 2026-11-23T11:32:19Z");
    };
    const int year = digits(text, 0, 4);
    const int month = digits(text, 5, 2);
    const int day = digits(text, 8, 2);
    const int hour = digits(text, 11, 2);
    const int minute = digits(text, 14, 2);
    const int second = digits(text, 17, 2);
    if (year < 0 || month < 0 || day < 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
        second < 0 || second > 60 || text[4] != '-' || text[7] != '-' || text[13] != ':' ||
        text[16] != ':' || (text[10] != 'T' && text[10] != 't' && text[10] != ' ')) {
        return bad();
    }
    const std::chrono::year_month_day date{std::chrono::year(year),
                                           std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok()) {
        return bad();
    }
    std::size_t at = 19;
    std::int64_t microseconds = 0;
    if (at < text.size() && text[at] == '.') {
        std::size_t count = 0;
        for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, ++count) {
            if (count < 6) {
                microseconds = microseconds * 10 + (text[at] - '0');
            }
        }
        if (count == 0 || count > 9) {
            return bad();
        }
        for (; count < 6; ++count) {
            microseconds *= 10;
        }
    }
    const Offset offset = parse_offset(text.substr(at));
    if (!offset.valid) {
        return bad();
    }
    return WallTime(std::chrono::sys_days(date)) + std::chrono::hours(hour) +
           std::chrono::minutes(minute) + std::chrono::seconds(second) +
           std::chrono::microseconds(microseconds) - offset.value;
}

}  // namespace pgmind
