#pragma once

#include <memory>
#include <stop_token>

#include "cluster/adapters/running_cluster.hpp"
#include "platform/config/config.hpp"

namespace pgmind::app {

/// Starts the cluster that the configuration means: instances of its own, or those of others that
/// cluster.attach names. `bus` outlives it. Blocks; as RunningCluster::start().
Result<std::unique_ptr<cluster::RunningCluster>> start_configured_cluster(
    const config::Configuration& configuration, async::EventBus& bus, std::stop_token cancel);

}  // namespace pgmind::app
