#pragma once

#include <memory>
#include <vector>

#include "async/event_bus.hpp"
#include "cluster/api/cluster.hpp"
#include "intelligence/api/intelligence.hpp"
#include "memory/api/memory.hpp"
#include "platform/postgres/migrations.hpp"
#include "platform/postgres/pool_directory.hpp"
#include "security/api/encryption.hpp"

namespace pgmind::memory {

/// The schema of a shard database that this context owns (numbers 0100 to 0199): run on databases
/// "project" and "shared" of every shard, after the cluster's own, which make the roles.
std::vector<postgres::Migration> memory_shard_migrations();

/// The Memory context of one worker. `pools` (of the same worker; servers are shard ids, databases
/// "project" and "shared") and the others outlive it.
std::unique_ptr<Memory> make_memory(postgres::PoolDirectory& pools, const cluster::Cluster& cluster,
                                    intelligence::Intelligence& intelligence,
                                    security::Encryption& encryption, async::EventBus& events);
/// The same without encryption: namespaces cannot be encrypted, and none may be.
std::unique_ptr<Memory> make_memory(postgres::PoolDirectory& pools, const cluster::Cluster& cluster,
                                    intelligence::Intelligence& intelligence,
                                    async::EventBus& events);

}  // namespace pgmind::memory
