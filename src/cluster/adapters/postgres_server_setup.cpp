#include "cluster/adapters/postgres_server_setup.hpp"

#include <utility>

#include "async/when_all.hpp"
#include "cluster/adapters/migrations.hpp"
#include "cluster/adapters/node_connections.hpp"
#include "cluster/api/errors.hpp"
#include "platform/postgres/session.hpp"

namespace pgmind::cluster {
namespace {

using postgres::Parameters;
using postgres::Rows;
using postgres::Session;

Task<Result<Session>> connect_as_superuser(NodeLayout layout, Node node, std::string database,
                                           Deadline deadline) {
    auto options = connection_to(layout, node, database, Role::superuser);
    if (!options) {
        co_return fail(std::move(options.error()));
    }
    Result<Session> session = co_await Session::connect(std::move(*options), deadline);
    co_return session;
}

// Statements with passwords in them must not end up in the server's log, even when they fail.
constexpr const char* kQuiet =
    "SET log_statement = 'none'; SET log_min_error_statement = 'panic'; "
    "SET log_min_duration_statement = -1";

// A role logs in once it has its password, so this also finishes what was interrupted.
Task<Result<void>> allow_logins(Session& session, NodeLayout layout, Deadline deadline) {
    for (const Role role : {Role::migrator, Role::gateway, Role::monitor}) {
        const Result<std::string> password = Secrets(layout).password(role);
        if (!password) {
            co_return fail(password.error());
        }
        Parameters parameters;
        parameters.add(name_of(role)).add(*password);
        const Result<Rows> statement = co_await session.query(
            "SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', rolname, $2::text) "
            "FROM pg_roles WHERE rolname = $1 AND NOT rolcanlogin",
            std::move(parameters), deadline);
        if (!statement) {
            co_return fail(statement.error());
        }
        if (statement->empty()) {
            continue;
        }
        std::string sql(statement->text(0, 0));
        const Result<void> done = co_await session.script(std::move(sql), deadline);
        if (!done) {
            co_return done;
        }
    }
    co_return Result<void>();
}

Task<Result<void>> make_roles(Session& session, NodeLayout layout, Deadline deadline) {
    std::string quiet(kQuiet);
    Result<void> done = co_await session.script(std::move(quiet), deadline);
    if (!done) {
        co_return done;
    }
    std::string roles(roles_script());
    done = co_await session.script(std::move(roles), deadline);
    if (!done) {
        co_return done;
    }
    done = co_await allow_logins(session, layout, deadline);
    co_return done;
}

Task<Result<void>> make_database(Session& session, std::string database, Deadline deadline) {
    Parameters parameters;
    parameters.add(database);
    const Result<Rows> found = co_await session.query("SELECT FROM pg_database WHERE datname = $1",
                                                      std::move(parameters), deadline);
    if (!found) {
        co_return fail(found.error());
    }
    if (!found->empty()) {
        co_return Result<void>();
    }
    std::string sql = "CREATE DATABASE " + database + " OWNER pgmind_owner";
    Result<void> done = co_await session.script(std::move(sql), deadline);
    co_return done;
}

// The extension belongs to the superuser, so that nobody else can change its functions.
Task<Result<void>> install_extension(Session& session, Deadline deadline) {
    const Result<Rows> found = co_await session.query(
        "SELECT installed_version IS NULL, installed_version IS DISTINCT FROM default_version "
        "FROM pg_available_extensions WHERE name = 'pgmind'",
        Parameters(), deadline);
    if (!found) {
        co_return fail(found.error());
    }
    if (found->empty()) {
        co_return fail(Errc::not_installed,
                       "the extension pgmind is not installed in this PostgreSQL: run "
                       "scripts/install-extension");
    }
    if (!found->boolean(0, 1)) {
        co_return Result<void>();
    }
    std::string sql = found->boolean(0, 0) ? "CREATE EXTENSION pgmind SCHEMA public"
                                           : "ALTER EXTENSION pgmind UPDATE";
    Result<void> done = co_await session.script(std::move(sql), deadline);
    co_return done;
}

Task<Result<void>> set_up_database(NodeLayout layout, Node node, std::string database,
                                   Deadline deadline) {
    Result<Session> session =
        co_await connect_as_superuser(std::move(layout), node, std::move(database), deadline);
    if (!session) {
        co_return fail(std::move(session.error()));
    }
    Result<void> done = co_await install_extension(*session, deadline);
    co_return done;
}

Task<Result<void>> set_up_databases(NodeLayout layout, Node node, Deadline deadline) {
    std::vector<Task<Result<void>>> tasks;
    for (const std::string& database : databases_of(node.role)) {
        tasks.push_back(set_up_database(layout, node, database, deadline));
    }
    std::vector<Result<void>> results = co_await async::when_all(std::move(tasks));
    for (Result<void>& result : results) {
        if (!result) {
            co_return std::move(result);
        }
    }
    co_return Result<void>();
}

}  // namespace

Task<Result<void>> set_up_server(NodeLayout layout, Node node, Deadline deadline) {
    Result<Session> session = co_await connect_as_superuser(layout, node, "postgres", deadline);
    if (!session) {
        co_return fail(std::move(session.error()));
    }
    Result<void> done = co_await make_roles(*session, layout, deadline);
    for (const std::string& database : databases_of(node.role)) {
        if (done) {
            done = co_await make_database(*session, database, deadline);
        }
    }
    if (done) {
        done = co_await set_up_databases(layout, node, deadline);
    }
    co_return done;
}

}  // namespace pgmind::cluster
