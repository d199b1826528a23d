#pragma once

#include "intelligence/api/intelligence.hpp"
#include "intelligence/app/ports.hpp"

namespace pgmind::intelligence {

/// The use cases of the Intelligence context. One per worker, on its loop; `vectors` and `embedder`
/// (null: none is configured) outlive it.
class IntelligenceService : public Intelligence {
  public:
    IntelligenceService(VectorStore& vectors, Embedder* embedder)
        : vectors_(vectors), embedder_(embedder) {}

    Task<Result<std::vector<VectorHit>>> search_vectors(const RequestContext& request,
                                                        VectorSearchRequest query) override;
    bool can_embed() const override { return embedder_ != nullptr; }
    Task<Result<std::vector<std::vector<float>>>> embed(const RequestContext& request,
                                                        std::vector<std::string> texts) override;

  private:
    VectorStore& vectors_;
    Embedder* embedder_;
};

}  // namespace pgmind::intelligence
