#pragma once

#include "base/sql_text.hpp"
#include "intelligence/api/intelligence.hpp"
#include "platform/postgres/statement.hpp"

namespace pgmind::intelligence {

struct VectorSearchSql {
    SqlText text;
    postgres::Parameters parameters;
};

/// Gives namespace, key and cosine distance of the nearest entries. For one namespace the inner
/// statement has the shape WHERE namespace = $1 ORDER BY embedding <=> $2 LIMIT k, which an index
/// can answer.
VectorSearchSql vector_search_sql(const VectorSearchRequest& query);

}  // namespace pgmind::intelligence
