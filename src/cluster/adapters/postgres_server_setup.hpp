#pragma once

#include <string>

#include "async/task.hpp"
#include "cluster/domain/cluster_manifest.hpp"
#include "cluster/domain/node_layout.hpp"

namespace pgmind::cluster {

/// What only the superuser may do on a node, before its migrations: roles with their passwords,
/// databases, and in each of them the extension. Brings about what is missing, changes nothing
/// else.
Task<Result<void>> set_up_server(NodeLayout layout, Node node, Deadline deadline);

}  // namespace pgmind::cluster
