#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cluster/api/vector_extension.hpp"
#include "intelligence/app/ports.hpp"
#include "platform/postgres/pool_directory.hpp"

namespace pgmind::intelligence {

/// What a shard's database keeps its vectors with.
using VectorExtensionOf =
    std::function<cluster::VectorExtension(const ShardId& shard, const std::string& database)>;

/// Cosine search over the embeddings of a shard's entries (the view pgmind.live_entries, which the
/// Memory context publishes). `pools` outlives it; it belongs to the same worker. Without
/// `extension_of` every database has pgmind's extension.
std::unique_ptr<VectorStore> make_postgres_vectors(postgres::PoolDirectory& pools,
                                                   VectorExtensionOf extension_of);

}  // namespace pgmind::intelligence
