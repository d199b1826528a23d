#include "intelligence/adapters/make_intelligence.hpp"

#include "intelligence/adapters/postgres_vectors.hpp"
#include "intelligence/app/intelligence_service.hpp"

namespace pgmind::intelligence {
namespace {

/// The adapters, made before the service that uses them.
struct Adapters {
    std::unique_ptr<VectorStore> vectors;
    std::unique_ptr<Embedder> embedder;
};

class OwningIntelligence final : private Adapters, public IntelligenceService {
  public:
    explicit OwningIntelligence(Adapters adapters)
        : Adapters(std::move(adapters)),
          IntelligenceService(*Adapters::vectors, Adapters::embedder.get()) {}
};

}  // namespace

std::unique_ptr<Intelligence> make_intelligence(postgres::PoolDirectory& pools,
                                                std::unique_ptr<Embedder> embedder) {
    return std::make_unique<OwningIntelligence>(
        Adapters{make_postgres_vectors(pools), std::move(embedder)});
}

}  // namespace pgmind::intelligence
