#pragma once

#include "cluster/adapters/running_cluster.hpp"

namespace pgmind::cluster {

/// In `request`: shards and ports; a port of 0 takes free ones, anew at each start.
struct EmbeddedOptions : ClusterOptions {
    std::string server_user = "postgres";  ///< whom PostgreSQL runs as when this process is root
    std::filesystem::path programs;        ///< PostgreSQL's bin directory; empty: looked for
    std::size_t connections_max = 100;     ///< of each instance
    /// Room wanted on the disk for each node: 0 takes what experience says.
    std::uint64_t free_bytes_per_node = 0;
    std::uint64_t log_bytes_max = 32ULL << 20;  ///< of one log; the one before it is kept too
};

/// A cluster of PostgreSQL instances on this machine, as children of this process; as
/// RunningCluster::start().
Result<std::unique_ptr<RunningCluster>> start_embedded_cluster(EmbeddedOptions options,
                                                               std::stop_token cancel);

}  // namespace pgmind::cluster
