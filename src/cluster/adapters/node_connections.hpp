#pragma once

#include <string>
#include <vector>

#include "cluster/adapters/secrets.hpp"
#include "cluster/domain/cluster_manifest.hpp"
#include "cluster/domain/node_layout.hpp"
#include "platform/postgres/connection_options.hpp"

namespace pgmind::cluster {

/// The databases of a node that hold pgmind's tables: "pgmind" on the coordinator, "project" and
/// "shared" on a shard.
std::vector<std::string> databases_of(NodeRole role);

/// How to connect to a node's database over its private socket. Reads the password's file.
Result<postgres::ConnectionOptions> connection_to(const NodeLayout& layout, const Node& node,
                                                  const std::string& database, Role role);

}  // namespace pgmind::cluster
