#include "cluster/adapters/postgres_probe.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "cluster/adapters/node_connections.hpp"
#include "platform/postgres/session.hpp"

namespace pgmind::cluster {
namespace {

using postgres::Effect;
using postgres::Parameters;
using postgres::Rows;
using postgres::Session;
using postgres::Statement;

// The number of entries is PostgreSQL's own estimate: counted changes where it has them, else (its
// counters are lost in a crash) what the last vacuum saw.
constexpr Statement kFacts{
    "cluster_node_facts",
    "SELECT current_setting('server_version'), "
    "(SELECT coalesce(max(number), 0) FROM pgmind.schema_migrations), "
    "pg_database_size(current_database()), "
    "coalesce((SELECT CASE WHEN s.n_live_tup > 0 THEN s.n_live_tup "
    "                      ELSE greatest(c.reltuples, 0)::bigint END "
    "          FROM pg_class c JOIN pg_stat_all_tables s ON s.relid = c.oid "
    "          WHERE c.oid = to_regclass('pgmind.memory_entries')), 0), "
    "(SELECT count(*) FROM pg_stat_replication), "
    "(SELECT coalesce(max(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)), 0)::bigint "
    " FROM pg_stat_replication), "
    "(SELECT count(*) FROM pg_replication_slots)",
    Effect::read};

constexpr Statement kMapVersion{"cluster_map_version",
                                "SELECT version FROM pgmind.shard_map_version", Effect::read};

// Both databases of a shard share one server: what is the server's is the same in each answer.
void add_database(NodeFacts& facts, const Rows& row) {
    facts.server_version = row.text(0, 0);
    // The older of two schemas is the one that limits what can be done.
    const std::int64_t schema = row.int64(0, 1);
    facts.schema_version = std::min(facts.schema_version.value_or(schema), schema);
    facts.bytes += row.int64(0, 2);
    facts.entries += row.int64(0, 3);
    facts.standbys = static_cast<std::size_t>(row.int64(0, 4));
    facts.replication_lag_bytes = row.int64(0, 5);
    facts.replication_slots = static_cast<std::size_t>(row.int64(0, 6));
}

class PostgresProbe final : public Probe {
  public:
    explicit PostgresProbe(std::shared_ptr<const NodeConnections> connections)
        : connections_(std::move(connections)) {}

    Task<Result<NodeFacts>> ask(Node node, Deadline deadline) override;

  private:
    Task<Result<Rows>> run(Node node, std::string database, const Statement& statement,
                           Deadline deadline);

    std::shared_ptr<const NodeConnections> connections_;
    std::map<std::string, Session> sessions_;  // By node and database.
};

// A session that failed once is not asked again: the next call connects anew.
Task<Result<Rows>> PostgresProbe::run(Node node, std::string database, const Statement& statement,
                                      Deadline deadline) {
    const std::string key = node.name + "/" + database;
    auto found = sessions_.find(key);
    if (found == sessions_.end()) {
        auto options = connections_->to(node, database, Role::monitor);
        if (!options) {
            co_return fail(std::move(options.error()));
        }
        Result<Session> session = co_await Session::connect(std::move(*options), deadline);
        if (!session) {
            co_return fail(std::move(session.error()));
        }
        found = sessions_.emplace(key, std::move(*session)).first;
    }
    Result<Rows> rows = co_await found->second.execute(statement, Parameters(), deadline);
    if (!rows) {
        sessions_.erase(key);
    }
    co_return rows;
}

Task<Result<NodeFacts>> PostgresProbe::ask(Node node, Deadline deadline) {
    NodeFacts facts;
    for (const std::string& database : databases_of(node.role)) {
        const Result<Rows> row = co_await run(node, database, kFacts, deadline);
        if (!row) {
            co_return fail(row.error());
        }
        add_database(facts, *row);
    }
    if (node.role == NodeRole::coordinator) {
        const Result<Rows> row = co_await run(node, "pgmind", kMapVersion, deadline);
        if (!row) {
            co_return fail(row.error());
        }
        facts.shard_map_version = row->int64(0, 0);
    }
    co_return facts;
}

}  // namespace

std::unique_ptr<Probe> make_postgres_probe(std::shared_ptr<const NodeConnections> connections) {
    return std::make_unique<PostgresProbe>(std::move(connections));
}

}  // namespace pgmind::cluster
