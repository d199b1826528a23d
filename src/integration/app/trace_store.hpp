#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "async/event_bus.hpp"

namespace pgmind::integration {

struct TraceEvent {
    std::string_view name;
    std::string_view context;
    std::int64_t offset_us = 0;  ///< since the first event of the request
    std::vector<std::pair<std::string_view, std::string>> attributes;
};

/// What one request did, in order of time.
struct Trace {
    RequestId request_id;
    PrincipalId principal;  ///< empty when nobody was authenticated
    WallTime started_at;
    std::vector<TraceEvent> events;
    std::size_t events_dropped = 0;  ///< beyond TraceLimits::events_max
};

struct TraceLimits {
    std::size_t requests_max = 10'000;         ///< at least 1
    std::size_t events_max = 64;               ///< of one request; further ones are only counted
    std::size_t attribute_bytes_max = 256;     ///< longer values are cut
    std::size_t bytes_max = 32 * 1024 * 1024;  ///< of all events together, about
};

/// Keeps the events of the newest requests in memory, for `pgmind trace` and
/// GET /api/v1/traces/{request_id}. A new request pushes out the oldest when a limit is reached;
/// events without a request id are not kept. One for the process; thread-safe.
///
/// The bus delivers a little after the event happened: a trace asked for in the same moment as the
/// reply was sent may still lack its last events.
class TraceStore {
  public:
    explicit TraceStore(TraceLimits limits);

    /// Subscribes to the bus. The store must outlive it.
    void observe(async::EventBus& bus);
    void add(const DomainEvent& event);

    /// nullopt when the request is unknown or was pushed out.
    std::optional<Trace> find(const RequestId& request_id) const;
    std::size_t size() const;

  private:
    struct StoredEvent {
        std::string_view name;
        std::string_view context;
        WallTime occurred_at;
        SteadyTime steady_at;
        EventAttributes attributes;
    };
    struct Entry {
        RequestId request_id;
        PrincipalId principal;
        std::vector<StoredEvent> events;
        std::size_t events_dropped = 0;
        std::size_t bytes = 0;
    };

    Entry& entry_of(const RequestId& request_id);
    void push_out_oldest();

    TraceLimits limits_;
    // tidy: allow lock because the bus's thread writes what every worker reads.
    mutable std::mutex mutex_;
    // A ring: entries_[(first_ + i) % requests_max] for i < count_, oldest first.
    std::vector<Entry> entries_;
    std::size_t first_ = 0;
    std::size_t count_ = 0;
    std::size_t bytes_ = 0;
    std::unordered_map<RequestId, std::size_t> index_;
};

}  // namespace pgmind::integration
