#pragma once

#include "cluster/adapters/running_cluster.hpp"

namespace pgmind::cluster {

/// In `request` nothing but the number of shards counts, and that comes from the file.
struct AttachOptions : ClusterOptions {
    /// A connection service file of libpq: how an administrator logs in to the servers, sections
    /// [coordinator], [shard-1], [shard-2] and so on. Two nodes of different kinds may share a
    /// server.
    std::filesystem::path services;
};

/// A cluster of PostgreSQL servers that others run (managed, or Patroni's): it is set up and
/// watched, never started or stopped. As RunningCluster::start(); fails when a server does not
/// answer, though once started it may go and come back.
Result<std::unique_ptr<RunningCluster>> attach_cluster(AttachOptions options,
                                                       std::stop_token cancel);

}  // namespace pgmind::cluster
