#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/request_context.hpp"
#include "intelligence/api/vector_index.hpp"
#include "memory/api/entry.hpp"
#include "memory/api/filter.hpp"
#include "memory/api/requests.hpp"

namespace pgmind::intelligence {

/// Nearest entries by cosine distance within namespaces of one shard.
struct VectorSearchRequest {
    memory::Scope scope = memory::Scope::project;  ///< project or shared
    ShardId shard;
    /// All on `shard` and all allowed; empty: every namespace there that `access` allows.
    std::vector<std::string> namespaces;
    memory::NamespaceAccess access;  ///< applies when no namespace is named
    std::vector<float> embedding;
    std::optional<memory::Filter> filter;
    std::optional<double> similarity_min;
    std::size_t limit = 10;
    std::optional<std::int64_t> ef_search;  ///< as in memory::SearchRequest
    bool explain = false;
};

struct VectorHit {
    std::string namespace_name;
    std::string key;
    double similarity = 0;  ///< cosine, -1 to 1
};

struct VectorSearchResult {
    std::vector<VectorHit> hits;
    bool by_index = false;  ///< not every vector was compared, unless the planner saw to it
    std::optional<memory::VectorPlan> plan;  ///< when asked for
};

/// The Intelligence context as the others see it. One per worker; belongs to that worker's loop.
class Intelligence {
  public:
    virtual ~Intelligence() = default;

    /// Best first; equal similarities in order of namespace and key. Entries without an embedding
    /// never match, nor do namespaces of other dimensions; but a single named namespace of other
    /// dimensions is an invalid_argument error that names both numbers.
    /// Every entry asked for is given, as many as there are up to the limit; that they are the
    /// nearest holds for all but a few where the vector index is used (see docs/vector-engine.md).
    virtual Task<Result<VectorSearchResult>> search_vectors(const RequestContext& request,
                                                            VectorSearchRequest query) = 0;

    /// What is known of the vector index of every database, in order; from memory.
    virtual std::vector<VectorIndexStatus> vector_indexes() const = 0;

    /// True when an embedder is configured.
    virtual bool can_embed() const = 0;
    /// Vectors for texts, in order. not_supported (with the setting to change) without an embedder;
    /// never invents a vector.
    virtual Task<Result<std::vector<std::vector<float>>>> embed(const RequestContext& request,
                                                                std::vector<std::string> texts) = 0;
};

}  // namespace pgmind::intelligence
