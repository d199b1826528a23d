#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"

namespace pgmind::memory {

/// A scalar of a metadata filter.
using FilterValue = std::variant<std::nullptr_t, bool, std::int64_t, double, std::string>;

enum class FilterOperator {
    all_of,   ///< every child holds
    any_of,   ///< at least one child holds
    none_of,  ///< the one child does not hold (also when the field is absent)
    equal,
    not_equal,  ///< the opposite of equal: also true when the path is absent
    less,
    less_or_equal,
    greater,
    greater_or_equal,
    one_of,    ///< the value equals one of `values`
    contains,  ///< the array at the path contains the value
    exists     ///< the path is there (values[0] true) or absent (false)
};

/// A condition on an entry's metadata, or on created_at, updated_at, expires_at (`field`
/// "@created_at" and so on, values are RFC 3339 texts). A tree; built by protocol adapters, checked
/// by validate_filter, turned into parameterised SQL by the storage adapters. Ranges compare
/// numbers with numbers and texts with texts; a value of another type does not match.
struct Filter {
    FilterOperator operation = FilterOperator::all_of;
    std::vector<std::string> path;  ///< keys from the top of the metadata object
    std::vector<FilterValue> values;
    std::vector<Filter> children;
};

struct FilterLimits {
    static constexpr std::size_t depth_max = 8;
    static constexpr std::size_t nodes_max = 64;
    static constexpr std::size_t values_max = 256;
    static constexpr std::size_t path_segments_max = 8;
    static constexpr std::size_t text_bytes_max = 1024;
};

/// Checks a filter's form and FilterLimits. An error's field is `name` and the path of the
/// condition at fault, in the way the protocols write filters ("filter.or[1].score").
Result<void> validate_filter(const Filter& filter, std::string_view name);

}  // namespace pgmind::memory
