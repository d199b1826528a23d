#include "cluster/adapters/embedded_cluster.hpp"

#include <utility>

#include "cluster/adapters/data_directory.hpp"
#include "cluster/adapters/postgres_instances.hpp"

namespace pgmind::cluster {

Result<std::unique_ptr<RunningCluster>> start_embedded_cluster(EmbeddedOptions options,
                                                               std::stop_token cancel) {
    auto path = resolved_directory(options.directory);
    if (!path) {
        return fail(std::move(path.error()));
    }
    auto user = server_user(options.server_user);
    if (!user) {
        return fail(std::move(user.error()));
    }
    const NodeLayout layout(std::move(*path));
    DirectoryOptions directory{layout, *user};
    if (options.free_bytes_per_node > 0) {
        directory.free_bytes_new_node = options.free_bytes_per_node;
        directory.free_bytes_existing_node = options.free_bytes_per_node;
    }
    InstanceOptions instances{layout, *user, options.programs};
    instances.connections_max = options.connections_max;
    instances.log_bytes_max = options.log_bytes_max;
    ClusterParts parts{
        layout, make_socket_connections(layout), make_data_directory(std::move(directory)),
        [instances](Executor executor) { return make_postgres_instances(executor, instances); }};
    options.own_servers = true;
    return RunningCluster::start(std::move(options), std::move(parts), std::move(cancel));
}

}  // namespace pgmind::cluster
