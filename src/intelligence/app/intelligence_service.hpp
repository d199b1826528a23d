#pragma once

#include "intelligence/api/intelligence.hpp"
#include "intelligence/app/ports.hpp"
#include "intelligence/app/sample_recall.hpp"
#include "intelligence/app/vector_index_board.hpp"

namespace pgmind::intelligence {

/// The use cases of the Intelligence context. One per worker, on its loop; `vectors`, `embedder`
/// (null: none is configured) and `indexes` (null: nobody keeps them) outlive it.
/// `exact_only`: searches do without the vector index.
class IntelligenceService : public Intelligence {
  public:
    IntelligenceService(VectorStore& vectors, Embedder* embedder, const VectorIndexBoard* indexes,
                        bool exact_only, RecallSampling sampling)
        : vectors_(vectors),
          embedder_(embedder),
          indexes_(indexes),
          exact_only_(exact_only),
          sampler_(vectors, std::move(sampling)) {}

    Task<Result<VectorSearchResult>> search_vectors(const RequestContext& request,
                                                    VectorSearchRequest query) override;
    std::vector<VectorIndexStatus> vector_indexes() const override;
    bool can_embed() const override { return embedder_ != nullptr; }
    Task<Result<std::vector<std::vector<float>>>> embed(const RequestContext& request,
                                                        std::vector<std::string> texts) override;

  private:
    VectorStore& vectors_;
    Embedder* embedder_;
    const VectorIndexBoard* indexes_;
    const bool exact_only_;
    RecallSampler sampler_;
};

}  // namespace pgmind::intelligence
