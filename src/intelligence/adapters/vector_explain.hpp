#pragma once

#include <string_view>

#include "intelligence/app/ports.hpp"

namespace pgmind::intelligence {

/// Reads what EXPLAIN (ANALYZE, FORMAT JSON) says of a search.
Result<VectorStatementReport> read_explained_search(std::string_view json);

/// Rows that EXPLAIN (FORMAT JSON) of a count expects to count.
Result<double> read_explained_count(std::string_view json);

}  // namespace pgmind::intelligence
