#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "memory/api/filter.hpp"
#include "memory/api/requests.hpp"

namespace pgmind::memory {

/// A condition in SQL over the relation `e` (pgmind.live_entries or pgmind.memory_entries under
/// that alias). `sql` holds no value of the filter: all stand in `parameters`, as texts.
struct FilterSql {
    std::string sql;
    std::vector<std::string> parameters;
};

/// Compiles a filter that validate_filter accepted; its parameters are numbered from
/// `first_parameter`. The condition is never NULL, so that NOT of it is its opposite. Conditions
/// that the index on metadata can answer are written as containment (@>).
FilterSql compile_filter(const Filter& filter, std::size_t first_parameter);

/// The condition that allows(access, column) holds. `column` is SQL, not input.
FilterSql compile_access(const NamespaceAccess& access, std::string_view column,
                         std::size_t first_parameter);

}  // namespace pgmind::memory
