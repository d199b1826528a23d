#include "intelligence/adapters/vector_search_sql.hpp"

#include <array>
#include <bit>
#include <charconv>
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

constexpr std::string_view kDistance =
    "SELECT e.namespace, e.key, e.embedding <=> $1::ruvector AS distance FROM ";

class Builder {
  public:
    explicit Builder(const VectorSearchRequest& query) : query_(query) {}

    VectorSearchSql build() {
        parameters_.add_binary(binary_vector(query_.embedding));
        parameters_.add(static_cast<std::int64_t>(query_.limit));
        next_parameter_ = 3;
        const SqlText found = query_.namespaces.size() == 1 ? one_namespace() : many_namespaces();
        SqlText sql{"SELECT f.namespace, f.key, f.distance FROM (", found,
                    " ORDER BY e.embedding <=> $1::ruvector LIMIT $2::bigint) f "
                    // A zero vector is at no angle to anything: its distance is NaN.
                    "WHERE f.distance <> 'NaN'",
                    similarity(), " ORDER BY f.distance, f.namespace, f.key"};
        return VectorSearchSql{std::move(sql), std::move(parameters_)};
    }

  private:
    SqlText parameter(const std::string& value) {
        parameters_.add(value);
        return SqlText::parameter(next_parameter_++);
    }

    // PostgreSQL itself refuses another number of dimensions, naming both.
    SqlText one_namespace() {
        return {kDistance,
                "pgmind.live_entries e WHERE e.namespace = ", parameter(query_.namespaces[0]),
                " AND e.embedding IS NOT NULL", filter()};
    }

    // Only vectors of as many dimensions compare, which a namespace fixes. OFFSET 0 keeps the
    // planner from computing distances before the join has left the other namespaces out.
    SqlText many_namespaces() {
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
        return {kDistance,
                "(SELECT e.namespace, e.key, e.embedding FROM pgmind.live_entries e "
                "WHERE e.namespace IN (SELECT n.namespace FROM pgmind.namespaces n WHERE ",
                wanted,
                " AND n.dimensions = ",
                dimensions,
                "::integer) AND e.embedding IS NOT NULL",
                filter(),
                " OFFSET 0) e"};
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

    // On what the inner statement found, since the nearest come first anyway.
    SqlText similarity() {
        if (!query_.similarity_min) {
            return {};
        }
        std::array<char, 32> buffer;
        const auto written =
            std::to_chars(buffer.data(), buffer.data() + buffer.size(), 1 - *query_.similarity_min);
        return {" AND f.distance <= ", parameter(std::string(buffer.data(), written.ptr)),
                "::double precision"};
    }

    const VectorSearchRequest& query_;
    postgres::Parameters parameters_;
    std::size_t next_parameter_ = 1;
};

}  // namespace

VectorSearchSql vector_search_sql(const VectorSearchRequest& query) {
    Builder builder(query);
    return builder.build();
}

}  // namespace pgmind::intelligence
