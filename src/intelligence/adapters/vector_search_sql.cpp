#include "intelligence/adapters/vector_search_sql.hpp"

#include <bit>
#include <cstdint>

#include "memory/api/filter_sql.hpp"

namespace pgmind::intelligence {
namespace {

// What type ruvector receives: dimensions and zero as int16, then float4, all big endian.
std::string binary_vector(const std::vector<float>& values) {
    std::string bytes;
    bytes.reserve(4 + values.size() * 4);
    bytes += static_cast<char>(values.size() >> 8);
    bytes += static_cast<char>(values.size());
    bytes.append(2, '\0');
    for (const float value : values) {
        const auto bits = std::bit_cast<std::uint32_t>(value);
        for (int shift = 24; shift >= 0; shift -= 8) {
            bytes += static_cast<char>(bits >> shift);
        }
    }
    return bytes;
}

constexpr std::string_view kDistance = "e.embedding <=> $1::ruvector AS distance";
// Up to the condition; the alias of the inner statement is f.
constexpr std::string_view kMeasured =
    "SELECT NULL::bigint, f.namespace, f.key, f.distance FROM ("
    "SELECT e.namespace, e.key, e.embedding <=> $1::ruvector AS distance "
    "FROM pgmind.live_entries e WHERE ";

class Builder {
  public:
    Builder(const VectorSearchRequest& query, const VectorDialect& dialect)
        : query_(query), dialect_(dialect) {}

    VectorSearchSql search(const VectorStatement& statement) {
        parameters_.add_binary(binary_vector(query_.embedding));
        parameters_.add(static_cast<std::int64_t>(query_.limit));
        next_parameter_ = 3;
        switch (statement.method) {
            case VectorMethod::index:
                return finish(by_index(statement));
            case VectorMethod::exact:
                return finish(exactly(statement));
            case VectorMethod::matching:
                break;
        }
        return finish(matching(statement));
    }

    VectorSearchSql count(const VectorStatement& statement, bool filtered) {
        const SqlText wanted = in_namespaces(statement);
        return finish({"SELECT count(*) FROM pgmind.live_entries e WHERE ", wanted,
                       filtered ? filter() : SqlText()});
    }

    VectorSearchSql namespaces(std::size_t limit) {
        SqlText wanted;
        if (query_.namespaces.empty()) {
            memory::FilterSql access =
                memory::compile_access(query_.access, {"n.namespace"}, next_parameter_);
            for (const std::string& value : access.parameters) {
                parameter(value);
            }
            wanted = access.sql;
        } else {
            parameters_.add_array(query_.namespaces);
            wanted = {"n.namespace = ANY (", SqlText::parameter(next_parameter_++), "::text[])"};
        }
        const SqlText dimensions = parameter(std::to_string(query_.embedding.size()));
        const SqlText most = parameter(std::to_string(limit));
        return finish({"SELECT n.namespace FROM pgmind.namespaces n WHERE (", wanted,
                       ") AND n.dimensions = ", dimensions, "::integer ORDER BY n.namespace LIMIT ",
                       most, "::bigint"});
    }

  private:
    VectorSearchSql finish(SqlText text) { return {std::move(text), std::move(parameters_)}; }

    SqlText parameter(const std::string& value) {
        parameters_.add(value);
        return SqlText::parameter(next_parameter_++);
    }

    SqlText in_namespaces(const VectorStatement& statement) {
        if (statement.namespaces.size() == 1) {
            return {"e.namespace = ", parameter(statement.namespaces[0]),
                    "::text AND e.embedding IS NOT NULL"};
        }
        parameters_.add_array(statement.namespaces);
        return {"e.namespace = ANY (", SqlText::parameter(next_parameter_++),
                "::text[]) AND e.embedding IS NOT NULL"};
    }

    // The settings hold for this statement, which is its own transaction. That they are a condition
    // without a row in it makes PostgreSQL evaluate them once, before the scan begins.
    SqlText by_index(const VectorStatement& statement) {
        const SqlText wanted = in_namespaces(statement);
        const SqlText ef_search = parameter(std::to_string(statement.ef_search));
        const SqlText filtered = filter();
        const std::size_t dimensions = query_.embedding.size();
        return {kMeasured,
                wanted,
                dialect_.indexed_only(dimensions),
                " AND (SELECT ",
                dialect_.settings(ef_search),
                ") IS NOT NULL",
                filtered,
                " ORDER BY ",
                dialect_.distance(dimensions),
                " LIMIT $2::bigint) f ORDER BY f.distance, f.namespace, f.key"};
    }

    // OFFSET 0 keeps the order out of the inner statement, and so the index out of the plan.
    SqlText exactly(const VectorStatement& statement) {
        const SqlText wanted = in_namespaces(statement);
        const SqlText filtered = filter();
        return {kMeasured, wanted, filtered,
                " OFFSET 0) f ORDER BY f.distance, f.namespace, f.key LIMIT $2::bigint"};
    }

    // Counts without a look at the vectors, which mostly lie out of line.
    SqlText matching(const VectorStatement& statement) {
        const SqlText wanted = in_namespaces(statement);
        const SqlText most = parameter(std::to_string(statement.few_rows_max));
        const SqlText filtered = filter();
        return {
            "WITH few AS MATERIALIZED (SELECT e.namespace, e.key, e.embedding "
            "FROM pgmind.live_entries e WHERE ",
            wanted,
            filtered,
            " LIMIT ",
            most,
            "::bigint + 1) "
            "SELECT c.entries, f.namespace, f.key, f.distance "
            "FROM (SELECT count(*) AS entries FROM few) c LEFT JOIN LATERAL ("
            "SELECT e.namespace, e.key, ",
            kDistance,
            " FROM few e WHERE c.entries <= ",
            most,
            "::bigint ORDER BY distance, e.namespace, e.key LIMIT $2::bigint) f ON true "
            "ORDER BY f.distance, f.namespace, f.key"};
    }

    SqlText filter() {
        if (!query_.filter) {
            return {};
        }
        memory::FilterSql filter = memory::compile_filter(*query_.filter, next_parameter_);
        for (const std::string& value : filter.parameters) {
            parameter(value);
        }
        return {" AND ", filter.sql};
    }

    const VectorSearchRequest& query_;
    const VectorDialect& dialect_;
    postgres::Parameters parameters_;
    std::size_t next_parameter_ = 1;
};

}  // namespace

VectorSearchSql vector_search_sql(const VectorStatement& statement, const VectorDialect& dialect) {
    return Builder(statement.query, dialect).search(statement);
}

VectorSearchSql vector_count_sql(const VectorStatement& statement, const VectorDialect& dialect,
                                 bool filtered) {
    return Builder(statement.query, dialect).count(statement, filtered);
}

VectorSearchSql vector_namespaces_sql(const VectorSearchRequest& query,
                                      const VectorDialect& dialect, std::size_t limit) {
    return Builder(query, dialect).namespaces(limit);
}

}  // namespace pgmind::intelligence
