#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "cluster/api/cluster.hpp"

namespace pgmind::cluster {

/// Facts older than this say nothing about now: a monitor that stalled must not keep a cluster
/// looking well.
inline constexpr std::chrono::milliseconds kFactsAgeMax{10'000};

/// Empty when every node can serve, else a sentence that names each one that cannot, and why.
std::string not_ready_reason(const std::vector<NodeStatus>& nodes);

}  // namespace pgmind::cluster
