#include "memory/api/filter.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "base/clock.hpp"
#include "base/text.hpp"

namespace pgmind::memory {
namespace {

bool is_group(FilterOperator operation) {
    return operation == FilterOperator::all_of || operation == FilterOperator::any_of ||
           operation == FilterOperator::none_of;
}

bool is_range(FilterOperator operation) {
    return operation == FilterOperator::less || operation == FilterOperator::less_or_equal ||
           operation == FilterOperator::greater || operation == FilterOperator::greater_or_equal;
}

std::string child_name(const Filter& parent, std::string_view name, std::size_t index) {
    const std::string base(name);
    switch (parent.operation) {
        case FilterOperator::any_of:
            return base + ".or[" + std::to_string(index) + "]";
        case FilterOperator::none_of:
            return base + ".not";
        default:
            return base + ".and[" + std::to_string(index) + "]";
    }
}

/// Counts the nodes of one tree while it is checked.
class Checker {
  public:
    Result<void> check(const Filter& filter, const std::string& name, std::size_t depth) {
        if (++nodes_ > FilterLimits::nodes_max) {
            return fail(invalid_argument(
                name, "a filter has at most " + std::to_string(FilterLimits::nodes_max) +
                          " conditions"));
        }
        if (depth > FilterLimits::depth_max) {
            return fail(invalid_argument(name, "a filter is nested at most " +
                                                   std::to_string(FilterLimits::depth_max) +
                                                   " deep"));
        }
        return is_group(filter.operation) ? check_group(filter, name, depth)
                                          : check_condition(filter, name);
    }

  private:
    Result<void> check_group(const Filter& filter, const std::string& name, std::size_t depth) {
        if (filter.operation == FilterOperator::none_of && filter.children.size() != 1) {
            return fail(invalid_argument(name, "\"not\" takes one filter"));
        }
        if (!filter.path.empty() || !filter.values.empty()) {
            return fail(invalid_argument(name, "a group of conditions has no path and no value"));
        }
        for (std::size_t i = 0; i < filter.children.size(); ++i) {
            const Result<void> checked =
                check(filter.children[i], child_name(filter, name, i), depth + 1);
            if (!checked) {
                return checked;
            }
        }
        return {};
    }

    Result<void> check_condition(const Filter& filter, const std::string& name) {
        if (!filter.children.empty()) {
            return fail(invalid_argument(name, "a condition has no filters inside"));
        }
        std::string path_name = name;
        for (const std::string& segment : filter.path) {
            path_name += "." + segment;
        }
        const Result<void> path = check_path(filter, path_name);
        if (!path) {
            return path;
        }
        const Result<void> values = check_values(filter, path_name);
        if (!values) {
            return values;
        }
        return filter.path[0].starts_with('@') ? check_time(filter, path_name) : Result<void>();
    }

    static Result<void> check_path(const Filter& filter, const std::string& name) {
        if (filter.path.empty() || filter.path.size() > FilterLimits::path_segments_max) {
            return fail(invalid_argument(
                name, "a path has 1 to " + std::to_string(FilterLimits::path_segments_max) +
                          " segments"));
        }
        for (const std::string& segment : filter.path) {
            const Result<void> text = check_text(segment, name, "a path segment");
            if (!text) {
                return text;
            }
        }
        return {};
    }

    static Result<void> check_text(const std::string& text, const std::string& name,
                                   const std::string& what) {
        if (text.size() > FilterLimits::text_bytes_max) {
            return fail(invalid_argument(name, what + " has at most " +
                                                   std::to_string(FilterLimits::text_bytes_max) +
                                                   " bytes"));
        }
        if (!is_utf8(text) || text.find('\0') != std::string::npos) {
            return fail(invalid_argument(name, what + " is UTF-8 without NUL characters"));
        }
        return {};
    }

    static Result<void> check_values(const Filter& filter, const std::string& name) {
        const bool many = filter.operation == FilterOperator::one_of;
        const std::size_t most = many ? FilterLimits::values_max : 1;
        if (filter.values.empty() || filter.values.size() > most) {
            return fail(invalid_argument(
                name, many ? "takes 1 to " + std::to_string(most) + " values" : "takes one value"));
        }
        for (const FilterValue& value : filter.values) {
            const auto* text = std::get_if<std::string>(&value);
            const auto* real = std::get_if<double>(&value);
            if (real != nullptr && !std::isfinite(*real)) {
                return fail(invalid_argument(name, "a number must be finite"));
            }
            const Result<void> checked =
                text == nullptr ? Result<void>() : check_text(*text, name, "a value");
            if (!checked) {
                return checked;
            }
        }
        return check_type(filter, name);
    }

    static Result<void> check_type(const Filter& filter, const std::string& name) {
        const FilterValue& value = filter.values[0];
        if (filter.operation == FilterOperator::exists && !std::holds_alternative<bool>(value)) {
            return fail(invalid_argument(name, "\"exists\" takes true or false"));
        }
        const bool comparable = std::holds_alternative<std::int64_t>(value) ||
                                std::holds_alternative<double>(value) ||
                                std::holds_alternative<std::string>(value);
        if (is_range(filter.operation) && !comparable) {
            return fail(invalid_argument(name, "a range takes a number or a text"));
        }
        return {};
    }

    static Result<void> check_time(const Filter& filter, const std::string& name) {
        const std::string& column = filter.path[0];
        if (filter.path.size() != 1 || (column != "@created_at" && column != "@updated_at" &&
                                        column != "@expires_at")) {
            return fail(invalid_argument(
                name, "beginning with \"@\" there are @created_at, @updated_at and @expires_at"));
        }
        if (filter.operation == FilterOperator::contains) {
            return fail(invalid_argument(name, "a time is not an array that could contain"));
        }
        if (filter.operation == FilterOperator::exists) {
            return {};
        }
        for (const FilterValue& value : filter.values) {
            const auto* text = std::get_if<std::string>(&value);
            if (text == nullptr || !parse_time(*text)) {
                return fail(invalid_argument(
                    name, "takes an RFC 3339 time such as 2026-01-31T12:00:00Z"));
            }
        }
        return {};
    }

    std::size_t nodes_ = 0;
};

}  // namespace

Result<void> validate_filter(const Filter& filter, std::string_view name) {
    Checker checker;
    return checker.check(filter, std::string(name), 1);
}

}  // namespace pgmind::memory
