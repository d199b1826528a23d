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

SqlText sign_of(FilterOperator operation) {
    switch (operation) {
        case FilterOperator::not_equal:
            return {"<>"};
        case FilterOperator::less:
            return {"<"};
        case FilterOperator::less_or_equal:
            return {"<="};
        case FilterOperator::greater:
            return {">"};
        case FilterOperator::greater_or_equal:
            return {">="};
        default:
            return {"="};
    }
}

// validate_filter accepts no other name.
SqlText time_column(const std::string& name) {
    if (name == "@created_at") {
        return {"e.created_at"};
    }
    return name == "@updated_at" ? SqlText{"e.updated_at"} : SqlText{"e.expires_at"};
}

SqlText is_set(const SqlText& what, const FilterValue& wanted) {
    return std::get<bool>(wanted) ? SqlText{"(", what, " IS NOT NULL)"}
                                  : SqlText{"(", what, " IS NULL)"};
}

class Compiler {
  public:
    explicit Compiler(std::size_t first_parameter) : next_parameter_(first_parameter) {}

    SqlText compile(const Filter& filter) {
        switch (filter.operation) {
            case FilterOperator::all_of:
                return filter.children.empty() ? SqlText{"TRUE"} : join(filter.children, {" AND "});
            case FilterOperator::any_of:
                return filter.children.empty() ? SqlText{"FALSE"} : join(filter.children, {" OR "});
            case FilterOperator::none_of:
                return {"NOT ", compile(filter.children[0])};
            default:
                return filter.path[0].starts_with('@') ? time_condition(filter)
                                                       : metadata_condition(filter);
        }
    }

    std::vector<std::string> take_parameters() { return std::move(parameters_); }

  private:
    SqlText parameter(std::string value) {
        parameters_.push_back(std::move(value));
        return SqlText::parameter(next_parameter_++);
    }

    SqlText join(const std::vector<Filter>& children, const SqlText& glue) {
        SqlText sql;
        for (const Filter& child : children) {
            sql.add({sql.empty() ? SqlText{"("} : glue, compile(child)});
        }
        return {sql, ")"};
    }

    SqlText contains(const Filter& filter, const std::string& json) {
        return {"e.metadata @> ", parameter(object_at(filter.path, json)), "::jsonb"};
    }

    // Steps by object keys only (-> with a text): #> would read "0" as a place in an array.
    SqlText value_at(const Filter& filter) {
        SqlText sql{"(e.metadata"};
        for (const std::string& segment : filter.path) {
            sql.add({" -> ", parameter(segment), "::text"});
        }
        return {sql, ")"};
    }

    SqlText metadata_condition(const Filter& filter) {
        switch (filter.operation) {
            case FilterOperator::equal:
                return {"(", contains(filter, json_of(filter.values[0])), ")"};
            case FilterOperator::not_equal:
                return {"NOT (", contains(filter, json_of(filter.values[0])), ")"};
            case FilterOperator::contains:
                return {"(", contains(filter, "[" + json_of(filter.values[0]) + "]"), ")"};
            case FilterOperator::one_of:
                return one_of(filter);
            case FilterOperator::exists:
                return is_set(value_at(filter), filter.values[0]);
            default:
                return range(filter);
        }
    }

    SqlText one_of(const Filter& filter) {
        SqlText list;
        for (const FilterValue& value : filter.values) {
            list.add({list.empty() ? SqlText() : SqlText{", "},
                      parameter(object_at(filter.path, json_of(value))), "::jsonb"});
        }
        return {"(e.metadata @> ANY (ARRAY[", list, "]))"};
    }

    // Neither comparison can fail, in whatever order PostgreSQL evaluates: jsonb compares with
    // jsonb of any type, and #>> gives the text of anything.
    SqlText range(const Filter& filter) {
        const SqlText at = value_at(filter);
        const SqlText sign = sign_of(filter.operation);
        if (const auto* text = std::get_if<std::string>(&filter.values[0])) {
            return {"coalesce(jsonb_typeof(",
                    at,
                    ") = 'string' AND (",
                    at,
                    " #>> '{}') COLLATE \"C\" ",
                    sign,
                    " ",
                    parameter(*text),
                    "::text, FALSE)"};
        }
        return {"coalesce(jsonb_typeof(",
                at,
                ") = 'number' AND ",
                at,
                " ",
                sign,
                " ",
                parameter(json_of(filter.values[0])),
                "::jsonb, FALSE)"};
    }

    SqlText time_condition(const Filter& filter) {
        const SqlText column = time_column(filter.path[0]);
        if (filter.operation == FilterOperator::exists) {
            return is_set(column, filter.values[0]);
        }
        if (filter.operation == FilterOperator::not_equal) {
            return {"(", column, " IS DISTINCT FROM ", time_parameter(filter.values[0]), ")"};
        }
        if (filter.operation != FilterOperator::one_of) {
            return {"coalesce(", column,
                    " ",         sign_of(filter.operation),
                    " ",         time_parameter(filter.values[0]),
                    ", FALSE)"};
        }
        SqlText list;
        for (const FilterValue& value : filter.values) {
            list.add({list.empty() ? SqlText() : SqlText{", "}, time_parameter(value)});
        }
        return {"coalesce(", column, " IN (", list, "), FALSE)"};
    }

    // Written anew by us, so that PostgreSQL reads nothing that parse_time did not understand.
    SqlText time_parameter(const FilterValue& value) {
        const std::string text = format_time(*parse_time(std::get<std::string>(value)));
        return {parameter(text), "::timestamptz"};
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
SqlText matches_any(const std::vector<std::string>& patterns, const SqlText& column,
                    std::size_t first_parameter, std::vector<std::string>& parameters) {
    SqlText sql;
    for (const std::string& pattern : patterns) {
        sql.add({sql.empty() ? SqlText{"("} : SqlText{" OR "}});
        if (pattern == "*") {
            sql.add({"TRUE"});
            continue;
        }
        const bool exact = pattern.find('*') == std::string::npos;
        sql.add({column, exact ? SqlText{" = "} : SqlText{" LIKE "},
                 SqlText::parameter(first_parameter + parameters.size()), "::text"});
        parameters.push_back(exact ? pattern : like_pattern(pattern));
    }
    return sql.empty() ? SqlText{"FALSE"} : SqlText{sql, ")"};
}

}  // namespace

FilterSql compile_access(const NamespaceAccess& access, const SqlText& column,
                         std::size_t first_parameter) {
    FilterSql compiled;
    compiled.sql = matches_any(access.allowed, column, first_parameter, compiled.parameters);
    if (!access.denied.empty()) {
        compiled.sql.add({" AND NOT ", matches_any(access.denied, column, first_parameter,
                                                   compiled.parameters)});
    }
    return compiled;
}

FilterSql compile_filter(const Filter& filter, std::size_t first_parameter) {
    Compiler compiler(first_parameter);
    SqlText sql = compiler.compile(filter);
    return FilterSql{std::move(sql), compiler.take_parameters()};
}

}  // namespace pgmind::memory
