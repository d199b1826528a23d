#pragma once

#include <stdexcept>
#include <string>

#include "cluster/adapters/migrations.hpp"
#include "intelligence/adapters/make_intelligence.hpp"
#include "memory/adapters/make_memory.hpp"
#include "platform/postgres/testing/temporary_postgres.hpp"
#include "security/adapters/migrations.hpp"
#include "security/tests/adapters/coordinator.hpp"

namespace pgmind::security::testing {

/// A fresh database of a shard with all its schema, as the cluster prepares it. Made after a
/// Coordinator of the same server, whose roles it completes.
class Shard {
  public:
    explicit Shard(postgres::testing::TemporaryPostgres& server)
        : server_(server), database_(server.create_database("shard")) {
        ask("DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'pgmind_migrator')"
            " THEN CREATE ROLE pgmind_migrator LOGIN; GRANT pgmind_owner TO pgmind_migrator;"
            " ALTER ROLE pgmind_migrator SET role = 'pgmind_owner'; END IF; END $$");
        ask(std::string(cluster::cluster_script("sql_roles.sql")));
        ask("CREATE EXTENSION pgmind SCHEMA public;"
            "ALTER DATABASE " +
            database_ + " OWNER TO pgmind_owner;" + "ALTER DATABASE " + database_ +
            " SET search_path = pgmind, public;" + "REVOKE ALL ON DATABASE " + database_ +
            " FROM PUBLIC; GRANT CONNECT ON DATABASE " + database_ + " TO pgmind_gateway;" +
            "CREATE SCHEMA pgmind AUTHORIZATION pgmind_owner;"
            "GRANT USAGE ON SCHEMA pgmind TO pgmind_gateway");
        ask(std::string(cluster::cluster_script("sql_access.sql")));
        boost::asio::io_context loop;
        const auto applied = postgres::testing::run(loop, migrate(as("pgmind_migrator")));
        if (!applied) {
            throw std::runtime_error(applied.error().detail);
        }
    }

    /// Over the socket, without a password.
    postgres::ConnectionOptions as(std::string user) const {
        postgres::ConnectionOptions options = server_.options(database_);
        options.user = std::move(user);
        return options;
    }
    /// As people connect.
    postgres::ConnectionOptions login(std::string user, std::string password) const {
        postgres::ConnectionOptions options = server_.tcp_options(database_);
        options.user = std::move(user);
        options.password = std::move(password);
        return options;
    }
    /// As superuser.
    std::string ask(const std::string& sql) const { return server_.ask(database_, sql); }
    const std::string& database() const { return database_; }

  private:
    static Task<Result<int>> migrate(postgres::ConnectionOptions options) {
        const Deadline deadline = soon();
        auto session = co_await postgres::Session::connect(std::move(options), deadline);
        if (!session) {
            co_return fail(std::move(session.error()));
        }
        std::vector<postgres::Migration> steps = memory::memory_shard_migrations();
        for (postgres::Migration& step : intelligence::intelligence_shard_migrations()) {
            steps.push_back(std::move(step));
        }
        for (postgres::Migration& step : security_shard_migrations()) {
            steps.push_back(std::move(step));
        }
        auto applied = co_await postgres::apply_migrations(*session, std::move(steps), deadline);
        co_return applied;
    }

    postgres::testing::TemporaryPostgres& server_;
    std::string database_;
};

}  // namespace pgmind::security::testing
