#pragma once

#include "intelligence/api/vector_index.hpp"

namespace pgmind::intelligence {

/// What a database says of its vector index.
struct VectorIndexFacts {
    bool wanted = true;  ///< there are vectors enough to need one
    bool exists = false;
    bool valid = false;        ///< complete: searches may use it
    bool being_built = false;  ///< by a session that runs now
    bool announced = false;    ///< VectorIndexCreated was published
};

enum class VectorIndexStep {
    wait,      ///< another gateway builds it
    build,     ///< there is none
    rebuild,   ///< what is there is what a failed build left
    announce,  ///< it is complete, and nobody was told
    nothing
};

VectorIndexStep next_step(const VectorIndexFacts& facts);
VectorIndexState state_of(const VectorIndexFacts& facts);

}  // namespace pgmind::intelligence
