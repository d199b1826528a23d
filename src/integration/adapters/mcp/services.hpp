#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "async/event_bus.hpp"
#include "cluster/api/cluster.hpp"
#include "integration/adapters/acl_security.hpp"
#include "integration/domain/session_book.hpp"
#include "memory/api/memory.hpp"
#include "platform/telemetry/metrics.hpp"

namespace pgmind::integration::mcp {

struct Options {
    std::string version;  ///< of pgmind, told to clients
    /// False only where anybody may call (security.authentication = off, on loopback): then a
    /// missing key is not refused before the request is read.
    bool keys_required = true;
    /// Offers what the public conformance suite calls, beside the real tools.
    bool conformance_fixtures = false;
    std::chrono::seconds request_timeout{30};
    std::size_t body_bytes_max = 8 * 1024 * 1024;
    SessionLimits sessions;            ///< of one worker
    std::size_t listeners_max = 1000;  ///< open subscriptions/listen streams of one worker
};

struct Catalog;

/// What the handlers of one worker use; everything outlives them. Belongs to that worker's loop.
struct Services {
    memory::Memory& memory;
    cluster::Cluster& cluster;
    AccessGate& gate;
    async::EventBus& events;
    metrics::Registry& metrics;
    const Options& options;
    const Catalog& catalog;
};

}  // namespace pgmind::integration::mcp
