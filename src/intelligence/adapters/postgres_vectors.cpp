#include "intelligence/adapters/postgres_vectors.hpp"

#include "intelligence/adapters/vector_search_sql.hpp"

namespace pgmind::intelligence {
namespace {

using postgres::Effect;
using postgres::Rows;

std::string misfit(const VectorSearchRequest& query, const std::string& reason) {
    const std::string where = query.namespaces.size() == 1
                                  ? "the vectors of namespace \"" + query.namespaces[0] + "\""
                                  : std::string("the stored vectors");
    return "does not fit " + where + ": " + reason;
}

class PostgresVectors final : public VectorStore {
  public:
    explicit PostgresVectors(postgres::PoolDirectory& pools) : pools_(pools) {}

    Task<Result<std::vector<VectorHit>>> search(const VectorSearchRequest& query,
                                                Deadline deadline) override {
        const std::string_view database =
            query.scope == memory::Scope::shared ? "shared" : "project";
        const Result<postgres::Pool*> pool = pools_.find(query.shard.value(), database);
        if (!pool) {
            co_return fail(pool.error());
        }
        VectorSearchSql sql = vector_search_sql(query);
        Result<Rows> rows = co_await (*pool)->query(sql.text.text(), Effect::read,
                                                    std::move(sql.parameters), deadline);
        if (!rows && rows.error().code == postgres::Errc::invalid_value) {
            co_return fail(invalid_argument("embedding", misfit(query, rows.error().detail)));
        }
        if (!rows) {
            co_return fail(std::move(rows.error()));
        }
        std::vector<VectorHit> hits;
        hits.reserve(rows->size());
        for (std::size_t row = 0; row < rows->size(); ++row) {
            hits.push_back({std::string(rows->text(row, 0)), std::string(rows->text(row, 1)),
                            1 - rows->real(row, 2)});
        }
        co_return hits;
    }

  private:
    postgres::PoolDirectory& pools_;
};

}  // namespace

std::unique_ptr<VectorStore> make_postgres_vectors(postgres::PoolDirectory& pools) {
    return std::make_unique<PostgresVectors>(pools);
}

}  // namespace pgmind::intelligence
