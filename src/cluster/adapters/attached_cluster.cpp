#include "cluster/adapters/attached_cluster.hpp"

#include <utility>

#include "cluster/adapters/attached_directory.hpp"
#include "cluster/adapters/attached_instances.hpp"
#include "cluster/adapters/service_file.hpp"

namespace pgmind::cluster {

Result<std::unique_ptr<RunningCluster>> attach_cluster(AttachOptions options,
                                                       std::stop_token cancel) {
    auto servers = read_service_file(options.services);
    if (!servers) {
        return fail(std::move(servers.error()));
    }
    auto path = resolved_directory(options.directory);
    if (!path) {
        return fail(std::move(path.error()));
    }
    options.request = ClusterRequest{servers->size() - 1, 0, 0, true};
    const NodeLayout layout(std::move(*path));
    const auto connections = make_server_connections(layout, std::move(*servers));
    ClusterParts parts{layout, connections, make_attached_directory(layout),
                       [connections](Executor executor) {
                           return make_attached_instances(executor, connections);
                       }};
    return RunningCluster::start(std::move(options), std::move(parts), std::move(cancel));
}

}  // namespace pgmind::cluster
