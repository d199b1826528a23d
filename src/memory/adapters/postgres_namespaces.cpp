#include "memory/adapters/postgres_namespaces.hpp"

#include "memory/adapters/entry_rows.hpp"
#include "memory/adapters/places.hpp"
#include "memory/api/filter_sql.hpp"
#include "memory/domain/errors.hpp"

namespace pgmind::memory {
namespace {

using postgres::Effect;
using postgres::Parameters;
using postgres::Rows;
using postgres::Statement;

constexpr Statement kCreate{
    "memory_create_namespace",
    "SELECT dimensions, text_language, metadata, " PGMIND_MICROSECONDS(
        "created_at") ", coalesce((SELECT n.sealed_under IS NOT NULL FROM pgmind.namespaces n "
    "WHERE n.namespace = $1), false), created "
    "FROM pgmind.memory_create_namespace($1, $2, $3, $4, $5, $6)",
    Effect::idempotent_write};

// Sizes as they are stored; pg_column_size reads no value that lies out of line.
constexpr Statement kStatistics{
    "memory_namespace_statistics",
    "SELECT n.dimensions, n.text_language, n.metadata, " PGMIND_MICROSECONDS("n.created_at")
    ", n.sealed_under IS NOT NULL, count(e.key), count(e.embedding), coalesce(sum("
    "pg_column_size(e.key) + pg_column_size(e.value) + coalesce(pg_column_size(e.text), 0) + "
    "pg_column_size(e.metadata) + coalesce(pg_column_size(e.embedding), 0) + "
    "pg_column_size(e.tsv) + 80), 0)::bigint "
    "FROM pgmind.namespaces n LEFT JOIN pgmind.live_entries e ON e.namespace = n.namespace "
    "WHERE n.namespace = $1 GROUP BY n.namespace",
    Effect::read};

constexpr Statement kRemoveEntries{"memory_remove_entries",
                                   "SELECT pgmind.memory_remove_entries($1, $2)",
                                   Effect::idempotent_write};

// Not to be sent again: the second answer would be that there was no such namespace.
constexpr Statement kRemoveRest{"memory_remove_namespace",
                                "SELECT pgmind.memory_remove_namespace($1, $2, $3)", Effect::write};

Namespace read_namespace(const Rows& rows, std::size_t row, std::size_t column, Scope scope,
                         std::string name) {
    Namespace details;
    details.scope = scope;
    details.name = std::move(name);
    details.dimensions = rows.optional_int64(row, column);
    details.text_language = rows.text(row, column + 1);
    details.metadata_json = rows.text(row, column + 2);
    details.created_at = rows.time_us(row, column + 3);
    details.encrypted = rows.boolean(row, column + 4);
    return details;
}

class PostgresNamespaces final : public NamespaceStorage {
  public:
    explicit PostgresNamespaces(postgres::PoolDirectory& pools) : pools_(pools) {}

    Task<Result<CreatedNamespace>> create(const RequestContext& request, const Place& place,
                                          const NamespaceRequest& wanted) override {
        Parameters parameters;
        parameters.add(wanted.name).add(wanted.dimensions).add(wanted.text_language);
        parameters.add(wanted.metadata_json);
        parameters.add(request.request_id.value()).add(request.principal.value());
        Result<Rows> rows = co_await execute(request, place, kCreate, std::move(parameters));
        if (!rows && rows.error().code == postgres::Errc::invalid_value) {
            co_return fail(Errc::invalid_json, std::move(rows.error().detail), "metadata");
        }
        if (!rows) {
            co_return fail(to_memory_error(std::move(rows.error())));
        }
        co_return CreatedNamespace{read_namespace(*rows, 0, 0, place.scope, wanted.name),
                                   rows->boolean(0, 5)};
    }

    Task<Result<std::optional<NamespaceStatistics>>> statistics(const RequestContext& request,
                                                                const Place& place,
                                                                const std::string& name) override {
        Parameters parameters;
        parameters.add(name);
        Result<Rows> rows = co_await execute(request, place, kStatistics, std::move(parameters));
        if (!rows) {
            co_return fail(std::move(rows.error()));
        }
        if (rows->empty()) {
            co_return std::optional<NamespaceStatistics>();
        }
        co_return std::optional<NamespaceStatistics>(
            NamespaceStatistics{read_namespace(*rows, 0, 0, place.scope, name), rows->int64(0, 5),
                                rows->int64(0, 6), rows->int64(0, 7)});
    }

    Task<Result<std::vector<Namespace>>> list(const RequestContext& request, const Place& place,
                                              const NamespacePageQuery& query) override {
        Parameters parameters;
        SqlText sql{
            "SELECT n.namespace, n.dimensions, n.text_language, n.metadata, " PGMIND_MICROSECONDS(
                "n.created_at") ", n.sealed_under IS NOT NULL "
            "FROM pgmind.namespaces n WHERE n.namespace ^@ $1"};
        parameters.add(query.name_prefix);
        parameters.add(static_cast<std::int64_t>(query.limit));
        if (query.after) {
            sql.add({query.after_included ? SqlText{" AND n.namespace >= $3"}
                                          : SqlText{" AND n.namespace > $3"}});
            parameters.add(query.after->name);
        }
        FilterSql access = compile_access(query.access, {"n.namespace"}, parameters.size() + 1);
        for (const std::string& value : access.parameters) {
            parameters.add(value);
        }
        sql.add({" AND ", access.sql, " ORDER BY n.namespace LIMIT $2::bigint"});
        const Result<postgres::Pool*> pool = pool_at(pools_, place);
        if (!pool) {
            co_return fail(pool.error());
        }
        Result<Rows> rows = co_await (*pool)->query(sql.text(), Effect::read, std::move(parameters),
                                                    request.deadline);
        if (!rows) {
            co_return fail(std::move(rows.error()));
        }
        std::vector<Namespace> found;
        for (std::size_t row = 0; row < rows->size(); ++row) {
            found.push_back(
                read_namespace(*rows, row, 1, place.scope, std::string(rows->text(row, 0))));
        }
        co_return found;
    }

    Task<Result<std::int64_t>> remove_entries(const RequestContext& request, const Place& place,
                                              const std::string& name, std::size_t limit) override {
        Parameters parameters;
        parameters.add(name).add(static_cast<std::int64_t>(limit));
        const Result<Rows> rows =
            co_await execute(request, place, kRemoveEntries, std::move(parameters));
        if (!rows) {
            co_return fail(rows.error());
        }
        co_return rows->int64(0, 0);
    }

    Task<Result<std::optional<std::int64_t>>> remove_rest(const RequestContext& request,
                                                          const Place& place,
                                                          const std::string& name) override {
        Parameters parameters;
        parameters.add(name);
        parameters.add(request.request_id.value()).add(request.principal.value());
        const Result<Rows> rows =
            co_await execute(request, place, kRemoveRest, std::move(parameters));
        if (!rows) {
            co_return fail(rows.error());
        }
        co_return rows->optional_int64(0, 0);
    }

  private:
    Task<Result<Rows>> execute(const RequestContext& request, const Place& place,
                               const Statement& statement, Parameters parameters) {
        const Result<postgres::Pool*> pool = pool_at(pools_, place);
        if (!pool) {
            co_return fail(pool.error());
        }
        Result<Rows> rows =
            co_await (*pool)->execute(statement, std::move(parameters), request.deadline);
        co_return rows;
    }

    postgres::PoolDirectory& pools_;
};

}  // namespace

std::unique_ptr<NamespaceStorage> make_postgres_namespaces(postgres::PoolDirectory& pools) {
    return std::make_unique<PostgresNamespaces>(pools);
}

}  // namespace pgmind::memory
