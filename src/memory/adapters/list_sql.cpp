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
        SqlText page{"SELECT * FROM pgmind.live_entries e WHERE e.namespace = ",
                     parameter(query_.namespace_name)};
        if (!query_.key_prefix.empty()) {
            page.add({" AND e.key ^@ ", parameter(query_.key_prefix)});
        }
        if (query_.after) {
            page.add({" AND ", after_condition(*query_.after)});
        }
        if (query_.filter) {
            FilterSql filter = compile_filter(*query_.filter, next_parameter_);
            for (const std::string& value : filter.parameters) {
                parameter(value);
            }
            page.add({" AND ", filter.sql});
        }
        page.add({" ORDER BY ", order(), " LIMIT ", parameter(std::to_string(query_.limit)),
                  "::bigint"});
        return ListSql{within_room(page), std::move(parameters_)};
    }

  private:
    SqlText parameter(const std::string& value) {
        parameters_.add(value);
        return SqlText::parameter(next_parameter_++);
    }

    SqlText order() const {
        const SqlText direction = query_.descending ? SqlText{" DESC"} : SqlText();
        if (query_.order == ListOrder::key) {
            return {"e.key", direction};
        }
        return {time_column(query_.order), direction, ", e.key", direction};
    }

    // The page is limited first, so that only its own rows are measured.
    SqlText within_room(const SqlText& page) const {
        const SqlText embedding = query_.with_embedding
                                      ? SqlText{"CASE WHEN e.room THEN e.embedding END"}
                                      : SqlText{"NULL"};
        const SqlText vector_bytes =
            query_.with_embedding ? SqlText{PGMIND_VECTOR_BYTES} : SqlText{"0"};
        return {"SELECT " PGMIND_ENTRY_COLUMNS_WITH_ROOM,
                embedding,
                " FROM (SELECT e.*, " PGMIND_ROOM_BEFORE,
                vector_bytes,
                PGMIND_ROOM_OVER,
                order(),
                PGMIND_ROOM_AFTER " FROM (",
                page,
                ") e) e ORDER BY ",
                order()};
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
