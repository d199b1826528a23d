#pragma once

#include <memory>

#include "intelligence/app/ports.hpp"
#include "platform/postgres/pool_directory.hpp"

namespace pgmind::intelligence {

/// Cosine search over the embeddings of a shard's entries (the view pgmind.live_entries, which the
/// Memory context publishes). `pools` outlives it; it belongs to the same worker.
std::unique_ptr<VectorStore> make_postgres_vectors(postgres::PoolDirectory& pools);

}  // namespace pgmind::intelligence
