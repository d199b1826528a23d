#include "intelligence/adapters/vector_dialect.hpp"

namespace pgmind::intelligence {
namespace {

/// One index with a graph for each namespace: a condition on the namespace leaves nothing out, and
/// each namespace has dimensions of its own.
class RuhnswDialect final : public VectorDialect {
  public:
    VectorIndexLimits limits() const override { return {}; }

    SqlText distance(std::size_t) const override { return {"e.embedding <=> $1::ruvector"}; }
    SqlText indexed_only(std::size_t) const override { return {}; }
    // Rows found late are as good as the others, since all are sorted in the end.
    SqlText settings(const SqlText& ef_search) const override {
        return {"set_config('ruvector.ef_search', ", ef_search,
                "::text, true) || set_config('ruvector.iterative_scan', 'relaxed_order', true)"};
    }

    std::string_view wanted_indexes() const override {
        return "SELECT 'memory_entries_vectors', "
               "'USING ruhnsw (namespace, embedding ruvector_cosine_ops)'";
    }
    // The graph of a namespace that was deleted keeps its dimensions until then.
    bool vacuum_after_removal() const override { return true; }
};

/// One index for each number of dimensions, over all namespaces: those of others are left out after
/// they were found, so the search goes on until there are enough. An expression gives the column
/// the one number of dimensions that pgvector's index asks for.
class PgvectorDialect final : public VectorDialect {
  public:
    VectorIndexLimits limits() const override { return {2000, true}; }

    SqlText distance(std::size_t dimensions) const override {
        return {"(e.embedding::vector(", SqlText::number(dimensions), ")) <=> $1::ruvector"};
    }
    SqlText indexed_only(std::size_t dimensions) const override {
        return {" AND vector_dims(e.embedding) = ", SqlText::number(dimensions)};
    }
    SqlText settings(const SqlText& ef_search) const override {
        return {"set_config('hnsw.ef_search', ", ef_search,
                "::text, true) || set_config('hnsw.iterative_scan', 'strict_order', true)"};
    }

    // Few vectors need no index. Whatever is stored, there are at most 16 indexes. Counting ends at
    // the number that decides.
    std::string_view wanted_indexes() const override {
        return "SELECT 'memory_entries_vectors_' || d.dimensions, "
               "format('USING hnsw ((embedding::vector(%1$s)) vector_cosine_ops) "
               "WHERE vector_dims(embedding) = %1$s', d.dimensions) "
               "FROM (SELECT n.dimensions, count(*) AS namespaces FROM pgmind.namespaces n "
               " WHERE n.dimensions <= 2000 GROUP BY n.dimensions) d "
               "WHERE to_regclass('pgmind.memory_entries_vectors_' || d.dimensions) IS NOT NULL "
               "OR (SELECT count(*) FROM (SELECT FROM pgmind.namespaces n "
               " JOIN pgmind.memory_entries e ON e.namespace = n.namespace "
               " WHERE n.dimensions = d.dimensions AND e.embedding IS NOT NULL LIMIT 1000) few) "
               " >= 1000 "
               "ORDER BY to_regclass('pgmind.memory_entries_vectors_' || d.dimensions) IS NULL, "
               "d.namespaces DESC, d.dimensions LIMIT 16";
    }
    bool vacuum_after_removal() const override { return false; }
};

const RuhnswDialect kRuhnsw;
const PgvectorDialect kPgvector;

}  // namespace

const VectorDialect& vector_dialect(cluster::VectorExtension extension) {
    if (extension == cluster::VectorExtension::pgvector) {
        return kPgvector;
    }
    return kRuhnsw;
}

}  // namespace pgmind::intelligence
