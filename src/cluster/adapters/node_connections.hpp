#pragma once

#include <map>
#include <memory>
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

/// How to log in to the nodes. Immutable; any thread. Looks at the passwords' files, so it blocks;
/// what it gives names the files, not the passwords, which may change.
class NodeConnections {
  public:
    virtual ~NodeConnections() = default;

    /// To one of the node's databases.
    virtual Result<postgres::ConnectionOptions> to(const Node& node, const std::string& database,
                                                   Role role) const = 0;
    /// As whoever makes roles and databases, to a database that exists before pgmind's.
    virtual Result<postgres::ConnectionOptions> to_maintenance(const Node& node) const = 0;
};

/// Over the private sockets of a data directory.
std::shared_ptr<const NodeConnections> make_socket_connections(NodeLayout layout);

/// To servers that others run. `administrators` has, by node, how an administrator logs in; the
/// other roles log in to the same server, with the passwords of the data directory.
std::shared_ptr<const NodeConnections> make_server_connections(
    NodeLayout layout, std::map<std::string, postgres::ConnectionOptions> administrators);

}  // namespace pgmind::cluster
