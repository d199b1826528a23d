#pragma once

#include "base/clock.hpp"
#include "intelligence/app/ports.hpp"

namespace pgmind::intelligence {

/// How a vector search is done. Bounds of one search on one shard.
struct VectorSearchLimits {
    /// ef_search where the request names none; the limit of the request where that is larger.
    static constexpr std::size_t ef_search_default = 100;
    /// A filter that leaves at most so many entries is answered exactly: it costs less than it
    /// costs an index to find them among the others, and nothing is missed.
    static constexpr std::size_t few_rows_max = 1000;
    /// Namespaces whose graphs one statement merges. More are asked in turn.
    static constexpr std::size_t namespaces_per_statement_max = 1000;
    static constexpr std::size_t namespaces_max = 100'000;
};

/// Searches the namespaces of one place: by the index, or exactly where that is cheaper or where
/// the index does not give as many rows as there are; `exact_only` leaves the index alone. `store`
/// and `query` outlive the call.
Task<Result<VectorSearchResult>> search_vectors(VectorStore& store,
                                                const VectorSearchRequest& query, bool exact_only,
                                                const Clock& clock, Deadline deadline);

}  // namespace pgmind::intelligence
