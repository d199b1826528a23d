#include "memory/api/filter_sql.hpp"

#include <array>
#include <charconv>
#include <cstdint>

#include "base/clock.hpp"

namespace pgmind::memory {
namespace {

void append_json_string(std::string& out, std::string_view text) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    out += '"';
    for (const char c : text) {
        const auto byte = static_cast<std::uint8_t>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20) {
            out += "\\u00";
            out += kDigits[byte >> 4];
            out += kDigits[byte & 15];
        } else {
            out += c;
        }
    }
    out += '"';
}

template <class Number>
std::string number_text(Number number) {
    std::array<char, 32> buffer;
    const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
    return std::string(buffer.data(), written.ptr);
}

std::string json_of(const FilterValue& value) {
    std::string json;
    if (const auto* flag = std::get_if<bool>(&value)) {
        json = *flag ? "true" : "false";
    } else if (const auto* whole = std::get_if<std::int64_t>(&value)) {
        json = number_text(*whole);
    } else if (const auto* real = std::get_if<double>(&value)) {
        json = number_text(*real);
    } else if (const auto* text = std::get_if<std::string>(&value)) {
        append_json_string(json, *text);
    } else {
        json = "null";
    }
    return json;
}

// {"a":{"b":VALUE}}: what metadata must contain for the value to stand at the path.
std::string object_at(const std::vector<std::string>& path, const std::string& json) {
    std::string object;
    for (const std::string& segment : path) {
        object += '{';
        append_json_string(object, segment);
        object += ':';
    }
    object += json;
    object.append(path.size(), '}');
    return object;
}

std::string_view sign_of(FilterOperator operation) {
    switch (operation) {
        case FilterOperator::not_equal:
            return "<>";
        case FilterOperator::less:
            return "<";
        case FilterOperator::less_or_equal:
            return "<=";
        case FilterOperator::greater:
            return ">";
        case FilterOperator::greater_or_equal:
            return ">=";
        default:
            return "=";
    }
}

class Compiler {
  public:
    explicit Compiler(std::size_t first_parameter) : next_parameter_(first_parameter) {}

    std::string compile(const Filter& filter) {
        switch (filter.operation) {
            case FilterOperator::all_of:
                return join(filter.children, " AND ", "TRUE");
            case FilterOperator::any_of:
                return join(filter.children, " OR ", "FALSE");
            case FilterOperator::none_of:
                return "NOT " + compile(filter.children[0]);
            default:
                return filter.path[0].starts_with('@') ? time_condition(filter)
                                                       : metadata_condition(filter);
        }
    }

    std::vector<std::string> take_parameters() { return std::move(parameters_); }

  private:
    std::string parameter(std::string value, std::string_view type) {
        parameters_.push_back(std::move(value));
        return "$" + std::to_string(next_parameter_++) + "::" + std::string(type);
    }

    std::string join(const std::vector<Filter>& children, std::string_view glue,
                     std::string_view when_empty) {
        if (children.empty()) {
            return std::string(when_empty);
        }
        std::string sql = "(";
        for (const Filter& child : children) {
            if (sql.size() > 1) {
                sql += glue;
            }
            sql += compile(child);
        }
        return sql + ")";
    }

    std::string contains(const Filter& filter, const std::string& json) {
        return "e.metadata @> " + parameter(object_at(filter.path, json), "jsonb");
    }

    // Steps by object keys only (-> with a text): #> would read "0" as a place in an array.
    std::string value_at(const Filter& filter) {
        std::string sql = "(e.metadata";
        for (const std::string& segment : filter.path) {
            sql += " -> " + parameter(segment, "text");
        }
        return sql + ")";
    }

    std::string metadata_condition(const Filter& filter) {
        switch (filter.operation) {
            case FilterOperator::equal:
                return "(" + contains(filter, json_of(filter.values[0])) + ")";
            case FilterOperator::not_equal:
                return "NOT (" + contains(filter, json_of(filter.values[0])) + ")";
            case FilterOperator::contains:
                return "(" + contains(filter, "[" + json_of(filter.values[0]) + "]") + ")";
            case FilterOperator::one_of:
                return one_of(filter);
            case FilterOperator::exists:
                return "(" + value_at(filter) +
                       (std::get<bool>(filter.values[0]) ? " IS NOT NULL)" : " IS NULL)");
            default:
                return range(filter);
        }
    }

    std::string one_of(const Filter& filter) {
        std::string sql = "(e.metadata @> ANY (ARRAY[";
        for (std::size_t i = 0; i < filter.values.size(); ++i) {
            sql += i == 0 ? "" : ", ";
            sql += parameter(object_at(filter.path, json_of(filter.values[i])), "jsonb");
        }
        return sql + "]))";
    }

    // Neither comparison can fail, in whatever order PostgreSQL evaluates: jsonb compares with
    // jsonb of any type, and #>> gives the text of anything.
    std::string range(const Filter& filter) {
        const std::string at = value_at(filter);
        const std::string sign(sign_of(filter.operation));
        if (const auto* text = std::get_if<std::string>(&filter.values[0])) {
            return "coalesce(jsonb_typeof(" + at + ") = 'string' AND (" + at +
                   " #>> '{}') COLLATE \"C\" " + sign + " " + parameter(*text, "text") +
                   ", FALSE)";
        }
        return "coalesce(jsonb_typeof(" + at + ") = 'number' AND " + at + " " + sign + " " +
               parameter(json_of(filter.values[0]), "jsonb") + ", FALSE)";
    }

    std::string time_condition(const Filter& filter) {
        const std::string column = "e." + filter.path[0].substr(1);
        if (filter.operation == FilterOperator::exists) {
            return "(" + column +
                   (std::get<bool>(filter.values[0]) ? " IS NOT NULL)" : " IS NULL)");
        }
        if (filter.operation == FilterOperator::not_equal) {
            return "(" + column + " IS DISTINCT FROM " + time_parameter(filter.values[0]) + ")";
        }
        if (filter.operation != FilterOperator::one_of) {
            return "coalesce(" + column + " " + std::string(sign_of(filter.operation)) + " " +
                   time_parameter(filter.values[0]) + ", FALSE)";
        }
        std::string sql = "coalesce(" + column + " IN (";
        for (std::size_t i = 0; i < filter.values.size(); ++i) {
            sql += (i == 0 ? "" : ", ") + time_parameter(filter.values[i]);
        }
        return sql + "), FALSE)";
    }

    // Written anew by us, so that PostgreSQL reads nothing that parse_time did not understand.
    std::string time_parameter(const FilterValue& value) {
        return parameter(format_time(*parse_time(std::get<std::string>(value))), "timestamptz");
    }

    std::size_t next_parameter_;
    std::vector<std::string> parameters_;
};

// A pattern of `*` as LIKE writes it.
std::string like_pattern(std::string_view pattern) {
    std::string like;
    for (const char c : pattern) {
        if (c == '%' || c == '_' || c == '\\') {
            like += '\\';
        }
        like += c == '*' ? '%' : c;
    }
    return like;
}

// Any of the patterns; FALSE when there is none.
std::string matches_any(const std::vector<std::string>& patterns, std::string_view column,
                        std::size_t first_parameter, std::vector<std::string>& parameters) {
    std::string sql;
    for (const std::string& pattern : patterns) {
        sql += sql.empty() ? "(" : " OR ";
        if (pattern == "*") {
            sql += "TRUE";
            continue;
        }
        const bool exact = pattern.find('*') == std::string::npos;
        sql += std::string(column) + (exact ? " = $" : " LIKE $") +
               std::to_string(first_parameter + parameters.size()) + "::text";
        parameters.push_back(exact ? pattern : like_pattern(pattern));
    }
    return sql.empty() ? "FALSE" : sql + ")";
}

}  // namespace

FilterSql compile_access(const NamespaceAccess& access, std::string_view column,
                         std::size_t first_parameter) {
    FilterSql compiled;
    compiled.sql = matches_any(access.allowed, column, first_parameter, compiled.parameters);
    if (!access.denied.empty()) {
        compiled.sql += " AND NOT " + matches_any(access.denied, column, first_parameter,
                                                  compiled.parameters);
    }
    return compiled;
}

FilterSql compile_filter(const Filter& filter, std::size_t first_parameter) {
    Compiler compiler(first_parameter);
    std::string sql = compiler.compile(filter);
    return FilterSql{std::move(sql), compiler.take_parameters()};
}

}  // namespace pgmind::memory
