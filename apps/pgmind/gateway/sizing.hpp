#pragma once

#include <cstddef>

#include "platform/config/config.hpp"

namespace pgmind::app {

/// Threads that serve requests: http.workers, or one for each core.
std::size_t worker_count(const config::Configuration& configuration);

/// How many connections each PostgreSQL instance has to accept for one gateway of this
/// configuration, with room for what else connects: everything that a worker's pools may open to
/// both databases of a shard, the outbox relays, the probes of the health monitor, migrations,
/// replication, and people with psql. Never below PostgreSQL's own 100.
std::size_t connections_for(const config::Configuration& configuration);

}  // namespace pgmind::app
