#include "intelligence/adapters/make_intelligence.hpp"

#include <span>

#include "base/embedded_file.hpp"
#include "intelligence/adapters/postgres_vectors.hpp"
#include "intelligence/app/intelligence_service.hpp"

namespace pgmind {

// Defined by the generated file.
std::span<const EmbeddedFile> embedded_intelligence_shard_migrations();
std::span<const EmbeddedFile> embedded_intelligence_pgvector_migrations();

}  // namespace pgmind

namespace pgmind::intelligence {
namespace {

/// The adapters, made before the service that uses them.
struct Adapters {
    std::unique_ptr<VectorStore> vectors;
    std::unique_ptr<Embedder> embedder;
};

class OwningIntelligence final : private Adapters, public IntelligenceService {
  public:
    OwningIntelligence(Adapters adapters, const VectorIndexBoard* indexes, bool exact_only,
                       RecallSampling sampling)
        : Adapters(std::move(adapters)),
          IntelligenceService(*Adapters::vectors, Adapters::embedder.get(), indexes, exact_only,
                              std::move(sampling)) {}
};

}  // namespace

std::vector<postgres::Migration> intelligence_shard_migrations() {
    return postgres::migrations_from(embedded_intelligence_shard_migrations());
}

std::vector<postgres::Migration> intelligence_pgvector_migrations() {
    return postgres::migrations_from(embedded_intelligence_pgvector_migrations());
}

std::unique_ptr<Intelligence> make_intelligence(postgres::PoolDirectory& pools,
                                                IntelligenceOptions options) {
    return std::make_unique<OwningIntelligence>(
        Adapters{make_postgres_vectors(pools, std::move(options.extension_of)),
                 std::move(options.embedder)},
        options.indexes, options.exact_only, std::move(options.sampling));
}

}  // namespace pgmind::intelligence
