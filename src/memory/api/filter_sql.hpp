#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/sql_text.hpp"
#include "memory/api/filter.hpp"
#include "memory/api/requests.hpp"

namespace pgmind::memory {

/// A condition in SQL over the relation `e` (pgmind.live_entries or pgmind.memory_entries under
/// that alias). The values of the filter stand in `parameters`, as texts.
struct FilterSql {
    SqlText sql;
    std::vector<std::string> parameters;
};

/// Compiles a filter that validate_filter accepted; its parameters are numbered from
/// `first_parameter`. The condition is never NULL, so that NOT of it is its opposite. Conditions
/// that the index on metadata can answer are written as containment (@>).
FilterSql compile_filter(const Filter& filter, std::size_t first_parameter);

/// The condition that allows(access, column) holds.
FilterSql compile_access(const NamespaceAccess& access, const SqlText& column,
                         std::size_t first_parameter);

}  // namespace pgmind::memory
