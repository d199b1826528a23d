#include "integration/domain/event_log.hpp"

#include <charconv>
#include <utility>

namespace pgmind::integration::mcp {
namespace {

std::optional<std::uint64_t> parse_number(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    return whole ? std::optional(number) : std::nullopt;
}

}  // namespace

std::string format_event_id(EventId id) {
    return std::to_string(id.stream) + "-" + std::to_string(id.number);
}

std::optional<EventId> parse_event_id(std::string_view text) {
    const std::size_t dash = text.find('-');
    if (dash == std::string_view::npos) {
        return std::nullopt;
    }
    const auto stream = parse_number(text.substr(0, dash));
    const auto number = parse_number(text.substr(dash + 1));
    if (!stream || !number) {
        return std::nullopt;
    }
    return EventId{*stream, *number};
}

std::uint64_t EventLog::open_stream() {
    const std::uint64_t stream = streams_opened_++;
    streams_[stream] = Stream{};
    return stream;
}

EventId EventLog::append(std::uint64_t stream, std::string text) {
    const EventId id{stream, ++streams_[stream].appended};
    bytes_ += text.size();
    events_.push_back({id, std::move(text)});
    push_out();
    return id;
}

void EventLog::push_out() {
    while (!events_.empty() &&
           (events_.size() > limits_.events_max || bytes_ > limits_.bytes_max)) {
        const Event& oldest = events_.front();
        const auto stream = streams_.find(oldest.id.stream);
        stream->second.pushed_out = oldest.id.number;
        if (!stream->second.open && stream->second.pushed_out == stream->second.appended) {
            streams_.erase(stream);
        }
        bytes_ -= oldest.text.size();
        events_.pop_front();
    }
}

std::uint64_t EventLog::newest(std::uint64_t stream) const {
    const auto found = streams_.find(stream);
    return found == streams_.end() ? 0 : found->second.appended;
}

void EventLog::close_stream(std::uint64_t stream) {
    const auto found = streams_.find(stream);
    if (found == streams_.end()) {
        return;
    }
    found->second.open = false;
    if (found->second.pushed_out == found->second.appended) {
        streams_.erase(found);
    }
}

std::optional<EventLog::Continuation> EventLog::after(EventId last) const {
    const auto found = streams_.find(last.stream);
    if (found == streams_.end() || last.number > found->second.appended ||
        last.number < found->second.pushed_out) {
        return std::nullopt;
    }
    Continuation continuation;
    continuation.open = found->second.open;
    for (const Event& event : events_) {
        if (event.id.stream == last.stream && event.id.number > last.number) {
            continuation.events.push_back(event);
        }
    }
    return continuation;
}

}  // namespace pgmind::integration::mcp
