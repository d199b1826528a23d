#pragma once

#include <memory>

#include "cluster/app/ports.hpp"
#include "cluster/domain/node_layout.hpp"

namespace pgmind::cluster {

/// Asks the nodes over connections that it keeps, one for each database. Used on the cluster's
/// loop.
std::unique_ptr<Probe> make_postgres_probe(NodeLayout layout);

}  // namespace pgmind::cluster
