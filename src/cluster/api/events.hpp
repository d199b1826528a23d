#pragma once

#include <cstdint>
#include <string>

#include "base/domain_event.hpp"

namespace pgmind::cluster {

/// One statement that ran on a shard for a search.
struct ShardQueryExecuted {
    static constexpr std::string_view name = "ShardQueryExecuted";
    static constexpr std::string_view context = "cluster";
    std::string shard;
    std::int64_t microseconds = 0;
    std::size_t rows = 0;
    EventAttributes attributes() const {
        return {{"shard", shard},
                {"microseconds", std::to_string(microseconds)},
                {"rows", std::to_string(rows)}};
    }
};

struct ClusterTopologyChanged {
    static constexpr std::string_view name = "ClusterTopologyChanged";
    static constexpr std::string_view context = "cluster";
    std::string node;
    std::string change;  ///< "up", "down", "restarted", "given up", "shard map"
    EventAttributes attributes() const { return {{"node", node}, {"change", change}}; }
};

}  // namespace pgmind::cluster
