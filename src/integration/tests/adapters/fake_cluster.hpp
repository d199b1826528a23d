#pragma once

#include <string>

#include "cluster/api/cluster.hpp"

namespace pgmind::integration::testing {

class FakeCluster final : public cluster::Cluster {
  public:
    std::string reason;  ///< why it is not ready
    cluster::ClusterStatus current;

    cluster::ShardMapSnapshot shard_map() const override { return nullptr; }
    cluster::ClusterStatus status() const override { return current; }
    std::string not_ready_reason() const override { return reason; }
};

}  // namespace pgmind::integration::testing
