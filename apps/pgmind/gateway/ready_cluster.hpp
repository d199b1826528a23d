#pragma once

#include <string>

#include "cluster/api/cluster.hpp"
#include "security/adapters/security_runtime.hpp"

namespace pgmind::app {

/// The cluster as the gateway's protocols see it: ready only when the gateway can also check keys
/// and write its audit log. Thread-safe, as what it is made of.
class ReadyCluster final : public cluster::Cluster {
  public:
    ReadyCluster(const cluster::Cluster& inner, const security::SecurityRuntime& security)
        : inner_(inner), security_(security) {}

    cluster::ShardMapSnapshot shard_map() const override { return inner_.shard_map(); }
    cluster::ClusterStatus status() const override {
        cluster::ClusterStatus status = inner_.status();
        if (status.ready) {
            status.problem = security_.not_ready_reason();
            status.ready = status.problem.empty();
        }
        return status;
    }
    std::string not_ready_reason() const override {
        std::string reason = inner_.not_ready_reason();
        return reason.empty() ? security_.not_ready_reason() : reason;
    }

  private:
    const cluster::Cluster& inner_;
    const security::SecurityRuntime& security_;
};

}  // namespace pgmind::app
