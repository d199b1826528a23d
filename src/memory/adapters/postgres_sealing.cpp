#include "memory/adapters/postgres_sealing.hpp"

#include "memory/adapters/places.hpp"

namespace pgmind::memory {
namespace {

using postgres::Effect;
using postgres::Parameters;
using postgres::Rows;
using postgres::Statement;

constexpr Statement kSet{"memory_set_sealing", "SELECT pgmind.memory_set_sealing($1, $2)",
                         Effect::idempotent_write};
constexpr Statement kOtherwise{
    "memory_sealed_otherwise",
    "SELECT e.key, e.version, e.value FROM pgmind.memory_entries e WHERE e.namespace = $1 "
    "AND e.key > $2 AND pgmind.sealed_under(e.value) IS DISTINCT FROM $3 "
    "ORDER BY e.key LIMIT $4::bigint",
    Effect::read};
constexpr Statement kReseal{
    "memory_reseal", "SELECT pgmind.memory_reseal($1, $2, $3::text[], $4::bigint[], $5::text[])",
    Effect::idempotent_write};

class PostgresSealing final : public SealingStorage {
  public:
    explicit PostgresSealing(postgres::PoolDirectory& pools) : pools_(pools) {}

    Task<Result<bool>> set_key(const RequestContext& request, const Place& place,
                               const std::string& name, const std::string& key_name) override {
        Parameters parameters;
        parameters.add(name).add(key_name);
        Result<Rows> rows = co_await execute(request, place, kSet, std::move(parameters));
        if (!rows) {
            co_return fail(to_memory_error(std::move(rows.error())));
        }
        co_return rows->boolean(0, 0);
    }

    Task<Result<std::vector<SealedRow>>> sealed_otherwise(const RequestContext& request,
                                                          const Place& place,
                                                          const SealedQuery& query) override {
        Parameters parameters;
        parameters.add(query.namespace_name).add(query.after).add(query.key_name);
        parameters.add(static_cast<std::int64_t>(query.limit));
        const Result<Rows> rows =
            co_await execute(request, place, kOtherwise, std::move(parameters));
        if (!rows) {
            co_return fail(rows.error());
        }
        std::vector<SealedRow> found;
        for (std::size_t row = 0; row < rows->size(); ++row) {
            found.push_back({std::string(rows->text(row, 0)), rows->int64(row, 1),
                             std::string(rows->text(row, 2))});
        }
        co_return found;
    }

    Task<Result<std::int64_t>> reseal(const RequestContext& request, const Place& place,
                                      const SealedQuery& query,
                                      const std::vector<ResealedEntry>& entries) override {
        std::vector<std::string> keys;
        std::vector<std::int64_t> versions;
        std::vector<std::string> values;
        for (const ResealedEntry& entry : entries) {
            keys.push_back(entry.key);
            versions.push_back(entry.version);
            values.push_back(entry.value_json);
        }
        Parameters parameters;
        parameters.add(query.namespace_name).add(query.key_name).add_array(keys);
        parameters.add_array(versions).add_array(values);
        const Result<Rows> rows = co_await execute(request, place, kReseal, std::move(parameters));
        if (!rows) {
            co_return fail(rows.error());
        }
        co_return rows->int64(0, 0);
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

std::unique_ptr<SealingStorage> make_postgres_sealing(postgres::PoolDirectory& pools) {
    return std::make_unique<PostgresSealing>(pools);
}

}  // namespace pgmind::memory
