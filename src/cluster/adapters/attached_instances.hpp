#pragma once

#include <memory>

#include "cluster/adapters/node_connections.hpp"
#include "cluster/app/ports.hpp"

namespace pgmind::cluster {

/// Servers that others run: they are looked at, never made, started or stopped. A node of these
/// ends only when this program lets go of it; whether its server answers, the monitor sees. Used on
/// the cluster's loop.
std::unique_ptr<Instances> make_attached_instances(
    Executor executor, std::shared_ptr<const NodeConnections> connections);

}  // namespace pgmind::cluster
