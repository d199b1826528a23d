#pragma once

#include <memory>
#include <string>
#include <vector>

#include "integration/app/outbox_relay.hpp"
#include "platform/postgres/connection_options.hpp"
#include "platform/telemetry/metrics.hpp"

namespace pgmind::integration {

/// One database whose outbox is relayed.
struct OutboxDatabase {
    std::string name;                     ///< "shard-1/project"
    postgres::ConnectionOptions options;  ///< as role pgmind_gateway
};

/// The outbox relays of the process, one for each database, on a thread and connections of their
/// own (three for each database). Woken by NOTIFY pgmind_outbox, and looking once a second anyway.
/// Without subscribers events are acknowledged as they come (counted by name in
/// pgmind_outbox_events_total), so that the outbox does not grow.
///
/// Lifecycle, for the composition root: construct once the shards are migrated, destroy (or stop()
/// first) before the registry, which must not be rendered any more, and the subscribers' own
/// dependencies. Both block the calling thread for as long as what is in flight needs. Handlers of
/// subscribers run on the relays' thread.
class OutboxRuntime {
  public:
    OutboxRuntime(std::vector<OutboxDatabase> databases, OutboxRelay::Subscribers subscribers,
                  metrics::Registry& registry, OutboxLimits limits);
    ~OutboxRuntime();
    OutboxRuntime(const OutboxRuntime&) = delete;
    OutboxRuntime& operator=(const OutboxRuntime&) = delete;

    /// The sum over all databases. Thread-safe.
    OutboxStatistics statistics() const;

    void stop();

  private:
    class Implementation;
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace pgmind::integration
