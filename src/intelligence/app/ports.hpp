#pragma once

#include <span>
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

enum class VectorMethod {
    index,    ///< the planner may use the vector index; ef_search applies
    exact,    ///< the distance to every vector in question
    matching  ///< exact, but only if at most few_rows_max entries are in question
};

/// One statement over named namespaces of one place. What it points to outlives it.
struct VectorStatement {
    const VectorSearchRequest& query;
    std::span<const std::string> namespaces;  ///< at least one; several have the query's dimensions
    VectorMethod method = VectorMethod::index;
    std::size_t ef_search = 0;
    std::size_t few_rows_max = 0;
    bool apart = false;  ///< on a connection of its own: nothing waits behind it
};

struct FoundVectors {
    std::vector<VectorHit> hits;  ///< best first, at least as similar as the query wants
    std::size_t rows = 0;         ///< also those that were not similar enough
    /// Entries in question, when the method was `matching`; few_rows_max + 1 for more than that,
    /// and then there are no hits.
    std::size_t matching = 0;
};

/// What the vector index of a place cannot do.
struct VectorIndexLimits {
    std::size_t dimensions_max = memory::Limits::dimensions_max;  ///< more are compared exactly
    /// It finds entries of all namespaces and leaves out those not asked for afterwards, so that
    /// few among many are dear to find.
    bool filters_late = false;
};

/// What PostgreSQL says of a statement that it ran.
struct VectorStatementReport {
    bool index = false;  ///< it used the vector index
    std::int64_t rows_visited = 0;
};

/// The vectors of one worker's shards.
class VectorStore {
  public:
    virtual ~VectorStore() = default;

    virtual VectorIndexLimits index_limits(const VectorSearchRequest& query) const = 0;
    /// invalid_argument when the vectors have other dimensions.
    virtual Task<Result<FoundVectors>> search(VectorStatement statement, Deadline deadline) = 0;
    /// The namespaces that the query means and whose vectors have its dimensions, in order of name;
    /// at most `limit`.
    virtual Task<Result<std::vector<std::string>>> namespaces(const VectorSearchRequest& query,
                                                              std::size_t limit,
                                                              Deadline deadline) = 0;
    /// Runs the statement once more to see how PostgreSQL does it.
    virtual Task<Result<VectorStatementReport>> explain(VectorStatement statement,
                                                        Deadline deadline) = 0;
    /// The share of entries that the query's filter passes, by PostgreSQL's statistics.
    virtual Task<Result<double>> selectivity(VectorStatement statement, Deadline deadline) = 0;
};

}  // namespace pgmind::intelligence
