#pragma once

#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/result.hpp"
#include "intelligence/api/intelligence.hpp"

namespace pgmind::intelligence {

/// A service that turns text into vectors. Belongs to one loop.
class Embedder {
  public:
    virtual ~Embedder() = default;

    /// At most this many texts in one call.
    virtual std::size_t batch_max() const = 0;
    /// One vector for each text, in order, as the service gave them. `unavailable` when the service
    /// cannot be reached or refuses; nothing is invented.
    virtual Task<Result<std::vector<std::vector<float>>>> embed(std::vector<std::string> texts,
                                                                Deadline deadline) = 0;
};

/// The vectors of one shard.
class VectorStore {
  public:
    virtual ~VectorStore() = default;

    virtual Task<Result<std::vector<VectorHit>>> search(const VectorSearchRequest& query,
                                                        Deadline deadline) = 0;
};

}  // namespace pgmind::intelligence
