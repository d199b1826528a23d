#include "cluster/adapters/node_connections.hpp"

namespace pgmind::cluster {

std::vector<std::string> databases_of(NodeRole role) {
    if (role == NodeRole::coordinator) {
        return {"pgmind"};
    }
    return {"project", "shared"};
}

Result<postgres::ConnectionOptions> connection_to(const NodeLayout& layout, const Node& node,
                                                  const std::string& database, Role role) {
    Result<std::string> password = Secrets(layout).password(role);
    if (!password) {
        return fail(std::move(password.error()));
    }
    postgres::ConnectionOptions options;
    options.host = layout.run_directory();
    options.port = node.port;
    options.database = database;
    options.user = name_of(role);
    options.password = std::move(*password);
    return options;
}

}  // namespace pgmind::cluster
