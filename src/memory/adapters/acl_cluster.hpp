#pragma once

#include <memory>

#include "cluster/api/cluster.hpp"
#include "memory/app/ports.hpp"

namespace pgmind::memory {

/// Routes by the Cluster context's map of slots. `cluster` outlives it.
std::unique_ptr<ShardRouter> make_cluster_router(const cluster::Cluster& cluster);

}  // namespace pgmind::memory
