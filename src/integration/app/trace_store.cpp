#include "integration/app/trace_store.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace pgmind::integration {
namespace {

// Room in the bus's queue for this subscriber: some hundred searches that end in one moment.
constexpr std::size_t kQueueMax = 16'384;

}  // namespace

TraceStore::TraceStore(TraceLimits limits) : limits_(limits) {
    entries_.resize(limits_.requests_max);
    index_.reserve(limits_.requests_max);
}

void TraceStore::observe(async::EventBus& bus) {
    bus.subscribe("traces", kQueueMax, [this](const DomainEvent& event) { add(event); });
}

void TraceStore::add(const DomainEvent& event) {
    if (event.request_id.empty()) {
        return;
    }
    const std::lock_guard lock(mutex_);
    Entry& entry = entry_of(event.request_id);
    if (entry.principal.empty()) {
        entry.principal = event.principal;
    }
    if (entry.events.size() >= limits_.events_max) {
        ++entry.events_dropped;
        return;
    }
    StoredEvent stored{event.name, event.context, event.occurred_at, event.steady_at, {}};
    stored.attributes.reserve(event.attributes.size());
    std::size_t bytes = sizeof(StoredEvent);
    for (const auto& [name, value] : event.attributes) {
        const std::string_view kept = truncate_utf8(value, limits_.attribute_bytes_max);
        stored.attributes.emplace_back(name, std::string(kept));
        bytes += sizeof(EventAttributes::value_type) + kept.size();
    }
    entry.events.push_back(std::move(stored));
    entry.bytes += bytes;
    bytes_ += bytes;
    // The newest request itself stays: one request cannot exceed the limit alone (events_max).
    while (bytes_ > limits_.bytes_max && count_ > 1) {
        push_out_oldest();
    }
}

// The entry of a request, made when it is new. Valid until the next call.
TraceStore::Entry& TraceStore::entry_of(const RequestId& request_id) {
    const auto found = index_.find(request_id);
    if (found != index_.end()) {
        return entries_[found->second];
    }
    if (count_ == entries_.size()) {
        push_out_oldest();
    }
    const std::size_t at = (first_ + count_) % entries_.size();
    ++count_;
    index_.emplace(request_id, at);
    Entry& entry = entries_[at];
    entry.request_id = request_id;
    return entry;
}

void TraceStore::push_out_oldest() {
    Entry& oldest = entries_[first_];
    index_.erase(oldest.request_id);
    bytes_ -= oldest.bytes;
    oldest = Entry{};
    first_ = (first_ + 1) % entries_.size();
    --count_;
}

std::optional<Trace> TraceStore::find(const RequestId& request_id) const {
    std::vector<StoredEvent> events;
    Trace trace;
    {
        const std::lock_guard lock(mutex_);
        const auto found = index_.find(request_id);
        if (found == index_.end()) {
            return std::nullopt;
        }
        const Entry& entry = entries_[found->second];
        events = entry.events;
        trace.request_id = entry.request_id;
        trace.principal = entry.principal;
        trace.events_dropped = entry.events_dropped;
    }
    // Events published on two threads may reach the bus in another order than they happened.
    std::stable_sort(events.begin(), events.end(),
                     [](const StoredEvent& left, const StoredEvent& right) {
                         return left.steady_at < right.steady_at;
                     });
    if (!events.empty()) {
        trace.started_at = events.front().occurred_at;
    }
    for (StoredEvent& event : events) {
        const auto offset = event.steady_at - events.front().steady_at;
        const auto offset_us = std::chrono::duration_cast<std::chrono::microseconds>(offset);
        trace.events.push_back(
            {event.name, event.context, offset_us.count(), std::move(event.attributes)});
    }
    return trace;
}

std::size_t TraceStore::size() const {
    const std::lock_guard lock(mutex_);
    return count_;
}

}  // namespace pgmind::integration
