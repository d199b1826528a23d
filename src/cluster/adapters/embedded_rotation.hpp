#pragma once

#include <functional>
#include <memory>

#include "async/notifier.hpp"
#include "cluster/adapters/node_connections.hpp"
#include "cluster/api/secret_rotation.hpp"
#include "cluster/app/ports.hpp"

namespace pgmind::cluster {

/// What a rotation works on; all of it outlives the rotation and belongs to the cluster's loop.
struct RotationParts {
    std::shared_ptr<const NodeConnections> connections;
    NodeLayout layout;
    const std::vector<Node>& nodes;
    Instances& instances;
    const std::vector<std::string>& gateway_names;  ///< empty: the gateway has no certificate
};

/// Of a cluster whose servers this process runs. Work happens on `executor`, the cluster's loop.
std::unique_ptr<SecretRotation> make_embedded_rotation(Executor executor, RotationParts parts);

/// Makes the gateway's certificate (NodeLayout::gateway_certificate_file()) for these names and
/// addresses, unless it is there; with `anyway` in any case. Gives when it ends. Blocks.
Result<WallTime> ensure_gateway_certificate(const NodeLayout& layout,
                                            const std::vector<std::string>& names, bool anyway);

}  // namespace pgmind::cluster
