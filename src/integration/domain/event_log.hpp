#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgmind::integration::mcp {

/// Where an event stands: which stream of the session, and its number there (from 1; 0 is before
/// the first). As text "STREAM-NUMBER", the id of the event on the wire.
struct EventId {
    std::uint64_t stream = 0;
    std::uint64_t number = 0;
    bool operator==(const EventId&) const = default;
};
std::string format_event_id(EventId id);
std::optional<EventId> parse_event_id(std::string_view text);

struct EventLogLimits {
    std::size_t events_max = 128;
    std::size_t bytes_max = 256 * 1024;
};

/// The newest events of all streams of one session, so that a client whose connection broke can
/// take up a stream where it lost it. Within the limits the oldest events of any stream go first.
/// Pure; belongs to one loop.
class EventLog {
  public:
    explicit EventLog(EventLogLimits limits) : limits_(limits) {}

    std::uint64_t open_stream();
    /// The id that the event gets. The stream must be open.
    EventId append(std::uint64_t stream, std::string text);
    /// The number of the newest event of an open stream; 0 before its first.
    std::uint64_t newest(std::uint64_t stream) const;
    /// No event follows. What is logged stays until it is pushed out.
    void close_stream(std::uint64_t stream);

    struct Event {
        EventId id;
        std::string text;
    };
    struct Continuation {
        std::vector<Event> events;
        bool open = false;  ///< more may follow
    };
    /// What came after `last` in its stream; nullopt when the stream is unknown or events after
    /// `last` were pushed out already.
    std::optional<Continuation> after(EventId last) const;

  private:
    struct Stream {
        std::uint64_t appended = 0;
        std::uint64_t pushed_out = 0;
        bool open = true;
    };
    void push_out();

    EventLogLimits limits_;
    std::uint64_t streams_opened_ = 0;
    std::map<std::uint64_t, Stream> streams_;
    std::deque<Event> events_;
    std::size_t bytes_ = 0;
};

}  // namespace pgmind::integration::mcp
