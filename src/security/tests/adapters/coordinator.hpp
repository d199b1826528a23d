#pragma once

#include <stdexcept>
#include <string>

#include "platform/postgres/testing/temporary_postgres.hpp"
#include "security/adapters/migrations.hpp"

namespace pgmind::security::testing {

inline Deadline soon() {
    return Deadline::after(std::chrono::seconds(20));
}

/// A fresh coordinator database with this context's schema, as the cluster prepares it: the schema
/// belongs to pgmind_owner, the program logs in as pgmind_gateway.
class Coordinator {
  public:
    explicit Coordinator(postgres::testing::TemporaryPostgres& server)
        : server_(server), database_(server.create_database("security")) {
        server_.ask(database_, R"(
            DO $$ BEGIN
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'pgmind_owner') THEN
                    CREATE ROLE pgmind_owner NOLOGIN;
                    CREATE ROLE pgmind_gateway LOGIN;
                END IF;
            END $$)");
        server_.ask(database_,
                    "CREATE SCHEMA pgmind AUTHORIZATION pgmind_owner;"
                    "GRANT USAGE ON SCHEMA pgmind TO pgmind_gateway");
        server_.ask(database_, std::string(security_coordinator_script()));
        boost::asio::io_context loop;
        const auto applied = postgres::testing::run(loop, migrate(server_.options(database_)));
        if (!applied) {
            throw std::runtime_error(applied.error().detail);
        }
    }

    postgres::ConnectionOptions gateway() const {
        postgres::ConnectionOptions options = server_.options(database_);
        options.user = "pgmind_gateway";
        return options;
    }
    /// As superuser.
    std::string ask(const std::string& sql) const { return server_.ask(database_, sql); }
    const std::string& database() const { return database_; }

  private:
    static Task<Result<int>> migrate(postgres::ConnectionOptions options) {
        auto session = co_await postgres::Session::connect(std::move(options), soon());
        if (!session) {
            co_return fail(std::move(session.error()));
        }
        // Whatever the steps make belongs to the owner, whoever applies them.
        auto applied = co_await postgres::apply_migrations(
            *session, security_coordinator_migrations(), soon());
        co_return applied;
    }

    postgres::testing::TemporaryPostgres& server_;
    std::string database_;
};

}  // namespace pgmind::security::testing
