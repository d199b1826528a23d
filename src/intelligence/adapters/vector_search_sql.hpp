#pragma once

#include "base/sql_text.hpp"
#include "intelligence/adapters/vector_dialect.hpp"
#include "intelligence/app/ports.hpp"
#include "platform/postgres/statement.hpp"

namespace pgmind::intelligence {

struct VectorSearchSql {
    SqlText text;
    postgres::Parameters parameters;
};

/// Gives, best first: matching (null unless the method is `matching`), namespace, key and cosine
/// distance. With the method `index` the inner statement has the shape
///     WHERE namespace = $3 ORDER BY embedding <=> $1 LIMIT k
/// (with what the dialect adds), which the index answers, and sets ef_search for itself. With
/// `matching` there is always a row; its key is null when no entry was compared.
VectorSearchSql vector_search_sql(const VectorStatement& statement, const VectorDialect& dialect);

/// Counts, so that the planner says how many entries it expects: with the query's filter or not.
VectorSearchSql vector_count_sql(const VectorStatement& statement, const VectorDialect& dialect,
                                 bool filtered);

/// Gives the names of VectorStore::namespaces().
VectorSearchSql vector_namespaces_sql(const VectorSearchRequest& query,
                                      const VectorDialect& dialect, std::size_t limit);

}  // namespace pgmind::intelligence
