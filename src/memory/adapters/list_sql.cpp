#include "memory/adapters/list_sql.hpp"

#include "memory/adapters/entry_rows.hpp"
#include "memory/api/filter_sql.hpp"

namespace pgmind::memory {
namespace {

SqlText time_column(ListOrder order) {
    switch (order) {
        case ListOrder::updated_at:
            return {"e.updated_at"};
        case ListOrder::created_at:
            return {"e.created_at"};
        case ListOrder::key:
            break;
    }
    return {};
}

class Builder {
  public:
    explicit Builder(const EntryPageQuery& query) : query_(query) {}

    ListSql build() {
        SqlText sql{
            "SELECT " PGMIND_ENTRY_COLUMNS,
            query_.with_embedding ? SqlText{"e.embedding"} : SqlText{"NULL"},
            " FROM pgmind.live_entries e WHERE e.namespace = ", parameter(query_.namespace_name)};
        if (!query_.key_prefix.empty()) {
            sql.add({" AND e.key ^@ ", parameter(query_.key_prefix)});
        }
        if (query_.after) {
            sql.add({" AND ", after_condition(*query_.after)});
        }
        if (query_.filter) {
            FilterSql filter = compile_filter(*query_.filter, next_parameter_);
            for (const std::string& value : filter.parameters) {
                parameter(value);
            }
            sql.add({" AND ", filter.sql});
        }
        const SqlText direction = query_.descending ? SqlText{" DESC"} : SqlText();
        sql.add({" ORDER BY "});
        if (query_.order != ListOrder::key) {
            sql.add({time_column(query_.order), direction, ", "});
        }
        sql.add(
            {"e.key", direction, " LIMIT ", parameter(std::to_string(query_.limit)), "::bigint"});
        return ListSql{std::move(sql), std::move(parameters_)};
    }

  private:
    SqlText parameter(const std::string& value) {
        parameters_.add(value);
        return SqlText::parameter(next_parameter_++);
    }

    SqlText after_condition(const Position& after) {
        const SqlText sign{query_.descending ? SqlText{" <"} : SqlText{" >"},
                           query_.after_included ? SqlText{"= "} : SqlText{" "}};
        if (query_.order == ListOrder::key) {
            return {"e.key", sign, parameter(after.name)};
        }
        const WallTime time{std::chrono::microseconds(after.time_us)};
        return {"(", time_column(query_.order),    ", e.key)",        sign,
                "(", parameter(format_time(time)), "::timestamptz, ", parameter(after.name),
                ")"};
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
