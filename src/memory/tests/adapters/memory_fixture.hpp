#pragma once

#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "async/event_bus.hpp"
#include "async/when_all.hpp"
#include "intelligence/adapters/make_intelligence.hpp"
#include "memory/adapters/make_memory.hpp"
#include "platform/postgres/testing/temporary_postgres.hpp"

namespace pgmind::memory::testing {

using postgres::testing::run;
using postgres::testing::TemporaryPostgres;

inline RequestContext context() {
    RequestContext request;
    request.request_id = new_request_id();
    request.deadline = Deadline::after(std::chrono::seconds(30));
    request.principal = PrincipalId("tester");
    return request;
}

/// Two shards of two databases each on one PostgreSQL server, prepared as the cluster prepares
/// them: objects belong to pgmind_owner, the program logs in as pgmind_gateway.
class TestCluster final : public cluster::Cluster {
  public:
    explicit TestCluster(TemporaryPostgres& server) : server_(server) {
        server_.ask("postgres", R"(
            DO $$ BEGIN
                CREATE ROLE pgmind_owner NOLOGIN;
                CREATE ROLE pgmind_gateway LOGIN;
            EXCEPTION WHEN duplicate_object THEN NULL;
            END $$)");
        for (const std::string shard : {"shard-1", "shard-2"}) {
            for (const std::string database : {"project", "shared"}) {
                databases_[{shard, database}] = make_database();
            }
        }
        map_ = std::make_shared<const cluster::ShardMap>(
            cluster::even_shard_map({ShardId("shard-1"), ShardId("shard-2")}));
    }

    cluster::ShardMapSnapshot shard_map() const override { return map_; }
    cluster::ClusterStatus status() const override { return {}; }
    std::string not_ready_reason() const override { return ""; }

    Result<postgres::ConnectionOptions> options(std::string_view shard,
                                                std::string_view database) const {
        const auto found = databases_.find({std::string(shard), std::string(database)});
        if (found == databases_.end()) {
            return fail(BaseErrc::unavailable, "there is no shard " + std::string(shard));
        }
        postgres::ConnectionOptions at = server_.options(found->second);
        at.user = "pgmind_gateway";
        return at;
    }

    /// As superuser, who may act for the owner.
    postgres::ConnectionOptions owner_options(std::string shard, std::string database) const {
        return server_.options(databases_.at({std::move(shard), std::move(database)}));
    }

    /// Asks the database that holds a namespace, as superuser.
    std::string ask(std::string_view namespace_name, const std::string& sql) const {
        const std::string shard = map_->shard_of(namespace_name).value();
        return server_.ask(databases_.at({shard, "project"}), sql);
    }

  private:
    std::string make_database() {
        std::string name = server_.create_database("memory");
        server_.ask(name,
                    "CREATE EXTENSION pgmind SCHEMA public;"
                    "ALTER DATABASE " +
                        name +
                        " OWNER TO pgmind_owner;"
                        "ALTER DATABASE " +
                        name +
                        " SET search_path = pgmind, public;"
                        "CREATE SCHEMA pgmind AUTHORIZATION pgmind_owner;"
                        "GRANT USAGE ON SCHEMA pgmind TO pgmind_gateway");
        boost::asio::io_context loop;
        const auto applied = run(loop, migrate(server_.options(name)));
        if (!applied) {
            throw std::runtime_error(applied.error().detail);
        }
        return name;
    }

    static Task<Result<int>> migrate(postgres::ConnectionOptions options) {
        const Deadline deadline = Deadline::after(std::chrono::seconds(30));
        auto session = co_await postgres::Session::connect(std::move(options), deadline);
        if (!session) {
            co_return fail(std::move(session.error()));
        }
        auto owned = co_await session->script("SET ROLE pgmind_owner", deadline);
        if (!owned) {
            co_return fail(std::move(owned.error()));
        }
        std::vector<postgres::Migration> steps = memory_shard_migrations();
        for (postgres::Migration& step : intelligence::intelligence_shard_migrations()) {
            steps.push_back(std::move(step));
        }
        auto applied = co_await postgres::apply_migrations(*session, std::move(steps), deadline);
        co_return applied;
    }

    TemporaryPostgres& server_;
    std::map<std::pair<std::string, std::string>, std::string> databases_;
    cluster::ShardMapSnapshot map_;
};

/// The cluster of this test process; its databases are made once.
inline TestCluster& test_cluster() {
    static TestCluster cluster(TemporaryPostgres::instance());
    return cluster;
}

/// The whole context on real PostgreSQL. Each test has namespaces of its own, so tests share the
/// databases.
class MemoryFixture : public ::testing::Test {
  protected:
    MemoryFixture()
        : pools_(
              loop_,
              [](std::string_view shard, std::string_view database) {
                  return test_cluster().options(shard, database);
              },
              limits(), nullptr),
          intelligence_(intelligence::make_intelligence(pools_, {})),
          memory_(make_memory(pools_, test_cluster(), *intelligence_, events_)),
          request_(context()) {}

    ~MemoryFixture() override {
        run(loop_, pools_.close(Deadline::after(std::chrono::seconds(5))));
    }

    static postgres::PoolLimits limits() {
        postgres::PoolLimits limits;
        limits.connections_max = 10;
        return limits;
    }

    /// A name that no other test uses.
    static std::string fresh_namespace() { return "test/" + new_uuid(); }

    static StoreRequest entry(std::string namespace_name, std::string key, std::string value) {
        StoreRequest request;
        request.namespace_name = std::move(namespace_name);
        request.key = std::move(key);
        request.value_json = std::move(value);
        return request;
    }

    Result<StoreResult> store(StoreRequest entry) {
        return run(loop_, memory_->store(request_, std::move(entry)));
    }
    Result<Entry> retrieve(const std::string& namespace_name, const std::string& key) {
        return run(loop_, memory_->retrieve(request_, {Scope::project, namespace_name, key}, true));
    }
    Result<SearchResult> search(SearchRequest query) {
        return run(loop_, memory_->search(request_, std::move(query)));
    }

    boost::asio::io_context loop_{1};
    postgres::PoolDirectory pools_;
    async::EventBus events_;
    std::unique_ptr<intelligence::Intelligence> intelligence_;
    std::unique_ptr<Memory> memory_;
    RequestContext request_;
};

}  // namespace pgmind::memory::testing
