#include "intelligence/domain/vector_index.hpp"

namespace pgmind::intelligence {

VectorIndexStep next_step(const VectorIndexFacts& facts) {
    if (!facts.wanted) {
        return VectorIndexStep::nothing;
    }
    if (facts.exists && facts.valid) {
        return facts.announced ? VectorIndexStep::nothing : VectorIndexStep::announce;
    }
    if (facts.being_built) {
        return VectorIndexStep::wait;
    }
    return facts.exists ? VectorIndexStep::rebuild : VectorIndexStep::build;
}

VectorIndexState state_of(const VectorIndexFacts& facts) {
    if (facts.exists && facts.valid) {
        return VectorIndexState::ready;
    }
    return facts.being_built ? VectorIndexState::building : VectorIndexState::absent;
}

}  // namespace pgmind::intelligence
