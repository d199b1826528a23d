#include "cluster/adapters/postgres_catalog.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "async/when_all.hpp"
#include "cluster/adapters/node_connections.hpp"
#include "cluster/adapters/postgres_server_setup.hpp"
#include "cluster/api/errors.hpp"
#include "platform/postgres/session.hpp"

namespace pgmind::cluster {
namespace {

using postgres::Parameters;
using postgres::Rows;
using postgres::Session;

Error of_node(const Node& node, const Error& error) {
    Error named = error;
    named.detail = node.name + ": " + error.detail;
    return named;
}

// Compares before anything is written: data of another node, or of another cluster, is refused.
Task<Result<void>> check_identity(Session& session, Node node, std::string cluster_id,
                                  Deadline deadline) {
    const Result<Rows> known = co_await session.query(
        "SELECT to_regclass('pgmind.node') IS NOT NULL", Parameters(), deadline);
    if (!known) {
        co_return fail(known.error());
    }
    if (!known->boolean(0, 0)) {
        co_return Result<void>();
    }
    const Result<Rows> found =
        co_await session.query("SELECT name, cluster_id FROM pgmind.node", Parameters(), deadline);
    if (!found) {
        co_return fail(found.error());
    }
    const bool same =
        found->empty() || (found->text(0, 0) == node.name && found->text(0, 1) == cluster_id);
    if (!same) {
        co_return fail(Errc::broken_state,
                       "its data is that of " + std::string(found->text(0, 0)) + " in cluster " +
                           std::string(found->text(0, 1)) +
                           ": data directories were exchanged or copied, or servers confused");
    }
    co_return Result<void>();
}

Task<Result<void>> write_identity(Session& session, Node node, std::string cluster_id,
                                  Deadline deadline) {
    Parameters parameters;
    parameters.add(cluster_id).add(node.name);
    const Result<Rows> done = co_await session.query(
        "INSERT INTO pgmind.node (cluster_id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        std::move(parameters), deadline);
    co_return done ? Result<void>() : fail(done.error());
}

Result<ShardMap> map_from(const Rows& rows) {
    std::vector<ShardId> shards;
    std::array<std::uint16_t, kSlotCount> slots{};
    if (rows.size() != kSlotCount) {
        return fail(Errc::broken_state, "the shard map has " + std::to_string(rows.size()) +
                                            " slots of " + std::to_string(kSlotCount));
    }
    for (std::size_t slot = 0; slot < kSlotCount; ++slot) {
        const ShardId shard{std::string(rows.text(slot, 1))};
        auto known = std::find(shards.begin(), shards.end(), shard);
        if (known == shards.end()) {
            known = shards.insert(shards.end(), shard);
        }
        slots[slot] = static_cast<std::uint16_t>(known - shards.begin());
    }
    return ShardMap(rows.int64(0, 0), std::move(shards), slots);
}

Task<Result<ShardMap>> read_map(Session& session, Deadline deadline) {
    const Result<Rows> rows = co_await session.query(
        "SELECT version, shard_id FROM pgmind.shard_map, pgmind.shard_map_version ORDER BY slot",
        Parameters(), deadline);
    if (!rows) {
        co_return fail(rows.error());
    }
    co_return map_from(*rows);
}

class PostgresCatalog final : public Catalog {
  public:
    explicit PostgresCatalog(CatalogOptions options) : options_(std::move(options)) {}

    Task<Result<DatabaseVectors>> install(Node node, std::string cluster_id,
                                          Deadline deadline) override;
    Task<Result<ShardMap>> register_shards(Node coordinator, std::vector<Node> shards,
                                           Deadline deadline) override;
    Task<Result<ShardMap>> load_shard_map(Node coordinator, Deadline deadline) override;

  private:
    Task<Result<Session>> connect(Node node, std::string database, Role role, Deadline deadline);
    Task<Result<void>> migrate(Node node, std::string database, std::string cluster_id,
                               std::vector<postgres::Migration> steps, Deadline deadline);
    std::vector<postgres::Migration> steps_of(const Node& node, const DatabaseVectors& vectors,
                                              const std::string& database) const;
    Task<Result<void>> write_shards(Session& session, std::vector<Node> shards, Deadline deadline);
    Task<Result<void>> write_first_map(Session& session, std::vector<Node> shards,
                                       Deadline deadline);

    CatalogOptions options_;
};

Task<Result<Session>> PostgresCatalog::connect(Node node, std::string database, Role role,
                                               Deadline deadline) {
    auto options = options_.setup.connections->to(node, database, role);
    if (!options) {
        co_return fail(std::move(options.error()));
    }
    Result<Session> session = co_await Session::connect(std::move(*options), deadline);
    co_return session;
}

std::vector<postgres::Migration> PostgresCatalog::steps_of(const Node& node,
                                                           const DatabaseVectors& vectors,
                                                           const std::string& database) const {
    if (node.role == NodeRole::coordinator) {
        return options_.coordinator_migrations;
    }
    std::vector<postgres::Migration> steps = options_.shard_migrations;
    if (vectors.at(database) == VectorExtension::pgvector) {
        for (const postgres::Migration& other : options_.pgvector_migrations) {
            const auto same = [&](const postgres::Migration& m) {
                return m.number == other.number;
            };
            std::replace_if(steps.begin(), steps.end(), same, other);
        }
    }
    return steps;
}

Task<Result<void>> PostgresCatalog::migrate(Node node, std::string database, std::string cluster_id,
                                            std::vector<postgres::Migration> steps,
                                            Deadline deadline) {
    Result<Session> session = co_await connect(node, std::move(database), Role::migrator, deadline);
    if (!session) {
        co_return fail(std::move(session.error()));
    }
    Result<void> done = co_await check_identity(*session, node, cluster_id, deadline);
    if (!done) {
        co_return done;
    }
    const Result<int> applied =
        co_await postgres::apply_migrations(*session, std::move(steps), deadline);
    if (!applied) {
        co_return fail(applied.error());
    }
    done = co_await write_identity(*session, node, cluster_id, deadline);
    if (!done) {
        co_return done;
    }
    // Another node may have been first, when two were given the same server.
    done = co_await check_identity(*session, node, std::move(cluster_id), deadline);
    co_return done;
}

Task<Result<DatabaseVectors>> PostgresCatalog::install(Node node, std::string cluster_id,
                                                       Deadline deadline) {
    auto vectors = co_await set_up_server(options_.setup, node, deadline);
    if (!vectors) {
        co_return fail(of_node(node, vectors.error()));
    }
    std::vector<Task<Result<void>>> tasks;
    for (const std::string& database : databases_of(node.role)) {
        std::vector<postgres::Migration> steps = steps_of(node, *vectors, database);
        tasks.push_back(migrate(node, database, cluster_id, std::move(steps), deadline));
    }
    const std::vector<Result<void>> results = co_await async::when_all(std::move(tasks));
    for (const Result<void>& result : results) {
        if (!result) {
            co_return fail(of_node(node, result.error()));
        }
    }
    co_return vectors;
}

Task<Result<void>> PostgresCatalog::write_shards(Session& session, std::vector<Node> shards,
                                                 Deadline deadline) {
    std::vector<std::string> names;
    std::vector<std::string> hosts;
    std::vector<std::int64_t> ports;
    for (const Node& shard : shards) {
        names.push_back(shard.name);
        hosts.push_back(shard.host);
        ports.push_back(shard.port);
    }
    Parameters parameters;
    parameters.add_array(names).add_array(hosts).add_array(ports);
    const Result<Rows> done = co_await session.query(
        "INSERT INTO pgmind.shards (shard_id, host, port) "
        "SELECT s.name, s.host, s.port "
        "FROM unnest($1::text[], $2::text[], $3::integer[]) AS s(name, host, port) "
        "ON CONFLICT (shard_id) DO UPDATE "
        "SET host = excluded.host, port = excluded.port, updated_at = now() "
        "WHERE (shards.host, shards.port) IS DISTINCT FROM (excluded.host, excluded.port)",
        std::move(parameters), deadline);
    co_return done ? Result<void>() : fail(done.error());
}

Task<Result<void>> PostgresCatalog::write_first_map(Session& session, std::vector<Node> shards,
                                                    Deadline deadline) {
    std::vector<ShardId> ids;
    ids.reserve(shards.size());
    for (const Node& shard : shards) {
        ids.emplace_back(shard.name);
    }
    const ShardMap map = even_shard_map(std::move(ids));
    std::vector<std::string> by_slot;
    by_slot.reserve(kSlotCount);
    for (std::size_t slot = 0; slot < kSlotCount; ++slot) {
        by_slot.push_back(map.shard_of_slot(slot).value());
    }
    Parameters parameters;
    parameters.add_array(by_slot);
    const Result<Rows> done = co_await session.query(
        "INSERT INTO pgmind.shard_map (slot, shard_id) "
        "SELECT ordinality - 1, shard FROM unnest($1::text[]) WITH ORDINALITY AS s(shard)",
        std::move(parameters), deadline);
    co_return done ? Result<void>() : fail(done.error());
}

Task<Result<ShardMap>> PostgresCatalog::register_shards(Node coordinator, std::vector<Node> shards,
                                                        Deadline deadline) {
    Result<Session> session = co_await connect(coordinator, "pgmind", Role::migrator, deadline);
    if (!session) {
        co_return fail(std::move(session.error()));
    }
    Result<void> done = co_await write_shards(*session, shards, deadline);
    if (!done) {
        co_return fail(of_node(coordinator, done.error()));
    }
    const Result<Rows> mapped = co_await session->query(
        "SELECT EXISTS (SELECT FROM pgmind.shard_map)", Parameters(), deadline);
    if (!mapped) {
        co_return fail(of_node(coordinator, mapped.error()));
    }
    if (!mapped->boolean(0, 0)) {
        done = co_await write_first_map(*session, shards, deadline);
        if (!done) {
            co_return fail(of_node(coordinator, done.error()));
        }
    }
    Result<ShardMap> map = co_await read_map(*session, deadline);
    if (!map) {
        co_return fail(of_node(coordinator, map.error()));
    }
    co_return map;
}

Task<Result<ShardMap>> PostgresCatalog::load_shard_map(Node coordinator, Deadline deadline) {
    Result<Session> session = co_await connect(coordinator, "pgmind", Role::monitor, deadline);
    if (!session) {
        co_return fail(std::move(session.error()));
    }
    Result<ShardMap> map = co_await read_map(*session, deadline);
    co_return map;
}

}  // namespace

std::unique_ptr<Catalog> make_postgres_catalog(CatalogOptions options) {
    return std::make_unique<PostgresCatalog>(std::move(options));
}

}  // namespace pgmind::cluster
