#pragma once

#include <cstdint>
#include <string>

namespace pgmind::intelligence {

enum class VectorIndexState {
    unknown,   ///< the database was not asked yet, or does not answer
    absent,    ///< searches compare every vector
    building,  ///< as absent, until it is complete
    ready
};

/// The vector index of one database of one shard.
struct VectorIndexStatus {
    std::string shard;
    std::string database;  ///< "project" or "shared"
    VectorIndexState state = VectorIndexState::unknown;
    std::string problem;          ///< why it is not as it should be; empty: all is well
    double progress = 0;          ///< of building: 0 to 1
    std::int64_t namespaces = 0;  ///< that have had vectors
    std::int64_t vectors = 0;     ///< as PostgreSQL's counters and statistics estimate
    std::int64_t bytes = 0;
};

}  // namespace pgmind::intelligence
