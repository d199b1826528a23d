#pragma once

#include <optional>
#include <string>

#include "async/task.hpp"
#include "cluster/adapters/node_connections.hpp"
#include "cluster/app/ports.hpp"

namespace pgmind::cluster {

/// What only an administrator may make in the coordinator's database, before the migrations: a
/// schema that the owner of all others must not own. The text makes the schema's comment the
/// version, and is run only where that is another one; running it again harms nothing.
struct AdministratorScript {
    std::string schema;  ///< empty: there is none
    std::string version;
    std::string sql;
};

/// How a server is prepared.
struct ServerSetup {
    std::shared_ptr<const NodeConnections> connections;
    NodeLayout layout;                       ///< for the roles' passwords
    std::optional<VectorExtension> vectors;  ///< nullopt: what the server offers
    /// On servers of one's own, where the administrator is a superuser: prepares SQL logins.
    bool sql_logins = false;
    AdministratorScript coordinator_script;
};

/// What comes before the migrations of a node: roles with their passwords, databases, and in each
/// of a shard's the extension for vectors, which it gives. Brings about what is missing, changes
/// nothing else. privilege_missing, with the statement to run, where the administrator that
/// `connections` knows may not do it.
Task<Result<DatabaseVectors>> set_up_server(ServerSetup setup, Node node, Deadline deadline);

}  // namespace pgmind::cluster
