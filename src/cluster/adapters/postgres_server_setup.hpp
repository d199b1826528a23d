#pragma once

#include <optional>

#include "async/task.hpp"
#include "cluster/adapters/node_connections.hpp"
#include "cluster/app/ports.hpp"

namespace pgmind::cluster {

/// How a server is prepared.
struct ServerSetup {
    std::shared_ptr<const NodeConnections> connections;
    NodeLayout layout;                       ///< for the roles' passwords
    std::optional<VectorExtension> vectors;  ///< nullopt: what the server offers
    /// On servers of one's own, where the administrator is a superuser: prepares SQL logins.
    bool sql_logins = false;
};

/// What comes before the migrations of a node: roles with their passwords, databases, and in each
/// of a shard's the extension for vectors, which it gives. Brings about what is missing, changes
/// nothing else. privilege_missing, with the statement to run, where the administrator that
/// `connections` knows may not do it.
Task<Result<DatabaseVectors>> set_up_server(ServerSetup setup, Node node, Deadline deadline);

}  // namespace pgmind::cluster
