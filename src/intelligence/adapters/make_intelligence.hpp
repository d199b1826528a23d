#pragma once

#include <memory>

#include "intelligence/adapters/postgres_vectors.hpp"
#include "intelligence/api/intelligence.hpp"
#include "intelligence/app/ports.hpp"
#include "intelligence/app/sample_recall.hpp"
#include "intelligence/app/vector_index_board.hpp"
#include "platform/postgres/migrations.hpp"
#include "platform/postgres/pool_directory.hpp"

namespace pgmind::intelligence {

/// The schema of the context on a shard; it comes after that of Memory, whose entries it indexes.
std::vector<postgres::Migration> intelligence_shard_migrations();

/// What takes the place of those of the same number where vectors are pgvector's.
std::vector<postgres::Migration> intelligence_pgvector_migrations();

struct IntelligenceOptions {
    std::unique_ptr<Embedder> embedder;  ///< null: none is configured (see make_http_embedder)
    const VectorIndexBoard* indexes = nullptr;  ///< outlives it; null: nobody keeps the indexes
    bool exact_only = false;                    ///< searches do without the vector index
    RecallSampling sampling;
    VectorExtensionOf extension_of;  ///< null: pgmind's everywhere
};

/// The Intelligence context of one worker. `pools` belongs to the same worker and outlives it.
std::unique_ptr<Intelligence> make_intelligence(postgres::PoolDirectory& pools,
                                                IntelligenceOptions options);

}  // namespace pgmind::intelligence
