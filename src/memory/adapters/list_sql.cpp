#include "memory/adapters/list_sql.hpp"

#include "memory/adapters/entry_rows.hpp"
#include "memory/api/filter_sql.hpp"

namespace pgmind::memory {
namespace {

std::string_view time_column(ListOrder order) {
    switch (order) {
        case ListOrder::updated_at:
            return "e.updated_at";
        case ListOrder::created_at:
            return "e.created_at";
        case ListOrder::key:
            break;
    }
    return "";
}

class Builder {
  public:
    explicit Builder(const EntryPageQuery& query) : query_(query) {}

    ListSql build() {
        std::string sql = "SELECT " PGMIND_ENTRY_COLUMNS;
        sql += query_.with_embedding ? "e.embedding" : "NULL";
        sql += " FROM pgmind.live_entries e WHERE e.namespace = " + parameter(query_.namespace_name);
        if (!query_.key_prefix.empty()) {
            sql += " AND e.key ^@ " + parameter(query_.key_prefix);
        }
        if (query_.after) {
            sql += " AND " + after_condition(*query_.after);
        }
        if (query_.filter) {
            FilterSql filter = compile_filter(*query_.filter, next_parameter_);
            for (const std::string& value : filter.parameters) {
                parameter(value);
            }
            sql += " AND " + filter.sql;
        }
        const std::string direction = query_.descending ? " DESC" : "";
        sql += " ORDER BY ";
        if (query_.order != ListOrder::key) {
            sql += std::string(time_column(query_.order)) + direction + ", ";
        }
        sql += "e.key" + direction + " LIMIT " + parameter(std::to_string(query_.limit)) +
               "::bigint";
        return ListSql{std::move(sql), std::move(parameters_)};
    }

  private:
    std::string parameter(const std::string& value) {
        parameters_.add(value);
        return "$" + std::to_string(next_parameter_++);
    }

    std::string after_condition(const Position& after) {
        std::string sign = query_.descending ? "<" : ">";
        sign += query_.after_included ? "=" : "";
        if (query_.order == ListOrder::key) {
            return "e.key " + sign + " " + parameter(after.name);
        }
        const WallTime time{std::chrono::microseconds(after.time_us)};
        return "(" + std::string(time_column(query_.order)) + ", e.key) " + sign + " (" +
               parameter(format_time(time)) + "::timestamptz, " + parameter(after.name) + ")";
    }

    const EntryPageQuery& query_;
    postgres::Parameters parameters_;
    std::size_t next_parameter_ = 1;
};

}  // namespace

ListSql list_sql(const EntryPageQuery& query) {
    Builder builder(query);
    return builder.build();
}

}  // namespace pgmind::memory
