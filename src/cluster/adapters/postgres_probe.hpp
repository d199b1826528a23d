#pragma once

#include <memory>

#include "cluster/adapters/node_connections.hpp"
#include "cluster/app/ports.hpp"

namespace pgmind::cluster {

/// Asks the nodes over connections that it keeps, one for each database. Used on the cluster's
/// loop.
std::unique_ptr<Probe> make_postgres_probe(std::shared_ptr<const NodeConnections> connections);

}  // namespace pgmind::cluster
