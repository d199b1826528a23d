#pragma once

#include <memory>
#include <vector>

#include "async/task.hpp"
#include "cluster/adapters/node_connections.hpp"

namespace pgmind::cluster {

/// Gives each role a new password on all nodes. In this order, so that no login fails meanwhile and
/// a crash at any point is taken up by the next call: the new password is on disk, where logins try
/// it as their second (ConnectionOptions::password_file); each node gets it; it becomes the only
/// one. Connections that are open stay open. One call at a time. Blocks shortly on files.
Task<Result<void>> rotate_passwords(std::shared_ptr<const NodeConnections> connections,
                                    NodeLayout layout, std::vector<Node> nodes,
                                    std::vector<Role> roles, Deadline deadline);

}  // namespace pgmind::cluster
