#include "intelligence/adapters/postgres_vectors.hpp"

#include <algorithm>
#include <cmath>

#include "intelligence/adapters/vector_explain.hpp"
#include "intelligence/adapters/vector_search_sql.hpp"

namespace pgmind::intelligence {
namespace {

using postgres::Effect;
using postgres::Rows;

std::string misfit(const VectorStatement& statement, const std::string& reason) {
    const std::string where = statement.namespaces.size() == 1
                                  ? "the vectors of namespace \"" + statement.namespaces[0] + "\""
                                  : std::string("the stored vectors");
    return "does not fit " + where + ": " + reason;
}

// A zero vector is at no angle to anything: its distance is NaN.
FoundVectors read_found(const Rows& rows, const VectorStatement& statement) {
    FoundVectors found;
    const double similarity_min = statement.query.similarity_min.value_or(-2);
    if (statement.method == VectorMethod::matching && !rows.empty()) {
        found.matching = static_cast<std::size_t>(rows.int64(0, 0));
    }
    for (std::size_t row = 0; row < rows.size(); ++row) {
        if (rows.is_null(row, 2)) {
            continue;  // The count alone.
        }
        ++found.rows;
        const double similarity = 1 - rows.real(row, 3);
        if (!std::isnan(similarity) && similarity >= similarity_min) {
            found.hits.push_back(
                {std::string(rows.text(row, 1)), std::string(rows.text(row, 2)), similarity});
        }
    }
    return found;
}

class PostgresVectors final : public VectorStore {
  public:
    PostgresVectors(postgres::PoolDirectory& pools, VectorExtensionOf extension_of)
        : pools_(pools), extension_of_(std::move(extension_of)) {}

    VectorIndexLimits index_limits(const VectorSearchRequest& query) const override {
        return dialect_of(query).limits();
    }

    Task<Result<FoundVectors>> search(VectorStatement statement, Deadline deadline) override {
        const auto rows = co_await run(
            statement, vector_search_sql(statement, dialect_of(statement.query)), "", deadline);
        if (!rows) {
            co_return fail(rows.error());
        }
        co_return read_found(*rows, statement);
    }

    Task<Result<std::vector<std::string>>> namespaces(const VectorSearchRequest& query,
                                                      std::size_t limit,
                                                      Deadline deadline) override {
        const VectorStatement statement{query, {}};
        const auto rows = co_await run(
            statement, vector_namespaces_sql(query, dialect_of(query), limit), "", deadline);
        if (!rows) {
            co_return fail(rows.error());
        }
        std::vector<std::string> names;
        names.reserve(rows->size());
        for (std::size_t row = 0; row < rows->size(); ++row) {
            names.emplace_back(rows->text(row, 0));
        }
        co_return names;
    }

    Task<Result<VectorStatementReport>> explain(VectorStatement statement,
                                                Deadline deadline) override {
        const auto rows =
            co_await run(statement, vector_search_sql(statement, dialect_of(statement.query)),
                         "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ", deadline);
        if (!rows) {
            co_return fail(rows.error());
        }
        co_return read_explained_search(rows->text(0, 0));
    }

    Task<Result<double>> selectivity(VectorStatement statement, Deadline deadline) override {
        double expected[2] = {0, 0};
        for (const bool filtered : {false, true}) {
            const auto rows = co_await run(
                statement, vector_count_sql(statement, dialect_of(statement.query), filtered),
                "EXPLAIN (FORMAT JSON) ", deadline);
            if (!rows) {
                co_return fail(rows.error());
            }
            const auto count = read_explained_count(rows->text(0, 0));
            if (!count) {
                co_return fail(count.error());
            }
            expected[filtered ? 1 : 0] = *count;
        }
        co_return expected[0] > 0 ? std::min(1.0, expected[1] / expected[0]) : 1.0;
    }

  private:
    static std::string_view database_of(const VectorSearchRequest& query) {
        return query.scope == memory::Scope::shared ? "shared" : "project";
    }

    const VectorDialect& dialect_of(const VectorSearchRequest& query) const {
        return vector_dialect(extension_of_ == nullptr
                                  ? cluster::VectorExtension::pgmind
                                  : extension_of_(query.shard, std::string(database_of(query))));
    }

    Task<Result<Rows>> run(const VectorStatement& statement, VectorSearchSql sql,
                           std::string_view prefix, Deadline deadline) {
        const Result<postgres::Pool*> pool =
            pools_.find(statement.query.shard.value(), database_of(statement.query));
        if (!pool) {
            co_return fail(pool.error());
        }
        std::string text = std::string(prefix) + sql.text.text();
        Result<Rows> rows = co_await ask(**pool, statement.apart, std::move(text),
                                         std::move(sql.parameters), deadline);
        if (!rows && rows.error().code == postgres::Errc::invalid_value) {
            co_return fail(invalid_argument("embedding", misfit(statement, rows.error().detail)));
        }
        co_return rows;
    }

    static Task<Result<Rows>> ask(postgres::Pool& pool, bool apart, std::string sql,
                                  postgres::Parameters parameters, Deadline deadline) {
        if (!apart) {
            Result<Rows> rows =
                co_await pool.query(std::move(sql), Effect::read, std::move(parameters), deadline);
            co_return rows;
        }
        auto session = co_await pool.session(deadline);
        if (!session) {
            co_return fail(std::move(session.error()));
        }
        Result<Rows> rows =
            co_await session->query(std::move(sql), std::move(parameters), deadline);
        co_return rows;
    }

    postgres::PoolDirectory& pools_;
    VectorExtensionOf extension_of_;
};

}  // namespace

std::unique_ptr<VectorStore> make_postgres_vectors(postgres::PoolDirectory& pools,
                                                   VectorExtensionOf extension_of) {
    return std::make_unique<PostgresVectors>(pools, std::move(extension_of));
}

}  // namespace pgmind::intelligence
