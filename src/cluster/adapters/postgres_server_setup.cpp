#include "cluster/adapters/postgres_server_setup.hpp"

#include <utility>

#include "async/when_all.hpp"
#include "cluster/adapters/migrations.hpp"
#include "cluster/api/errors.hpp"
#include "cluster/domain/vector_setup.hpp"
#include "platform/postgres/session.hpp"

namespace pgmind::cluster {
namespace {

using postgres::Parameters;
using postgres::Rows;
using postgres::Session;

constexpr std::string_view kNotPermitted = "42501";
constexpr const char* kVectorFacts =
    "SELECT coalesce(e.extversion, ''), coalesce(a.default_version, ''), coalesce(n.nspname, ''), "
    "EXISTS (SELECT FROM pg_type t WHERE t.typname = 'ruvector' AND t.typtype = 'd' "
    " AND t.typnamespace = 'public'::regnamespace) "
    "FROM (VALUES ('pgmind'), ('vector')) wanted (name) "
    "LEFT JOIN pg_extension e ON e.extname = wanted.name "
    "LEFT JOIN pg_namespace n ON n.oid = e.extnamespace "
    "LEFT JOIN pg_available_extensions a ON a.name = wanted.name ORDER BY wanted.name";

// Held until the session ends.
constexpr const char* kLockSetUp = "SELECT pg_advisory_lock(hashtextextended('pgmind set-up', 0))";

// `shown` is the statement as an administrator would write it.
Error refusal(const Error& error, const std::string& database, const std::string& shown) {
    if (error.reason != kNotPermitted) {
        return error;
    }
    return Error(
        Errc::privilege_missing,
        error.detail + ": an administrator must run in database " + database + ": " + shown);
}

Task<Result<void>> run(Session& session, std::string database, std::string statement,
                       std::string shown, Deadline deadline) {
    const Result<void> done = co_await session.script(std::move(statement), deadline);
    co_return done ? Result<void>() : fail(refusal(done.error(), database, shown));
}

// Runs the statements that a query gives.
Task<Result<void>> run_missing(Session& session, std::string database, std::string_view script,
                               Deadline deadline) {
    std::string query(cluster_script(script));
    const Result<Rows> missing = co_await session.query(std::move(query), Parameters(), deadline);
    if (!missing) {
        co_return fail(missing.error());
    }
    for (std::size_t row = 0; row < missing->size(); ++row) {
        std::string statement(missing->text(row, 0));
        std::string shown = statement;
        Result<void> done =
            co_await run(session, database, std::move(statement), std::move(shown), deadline);
        if (!done) {
            co_return done;
        }
    }
    co_return Result<void>();
}

// A role logs in once it has its password, so this also finishes what was interrupted.
Task<Result<void>> allow_login(Session& session, const ServerSetup& setup, std::string database,
                               Role role, Deadline deadline) {
    const std::string name(name_of(role));
    Parameters parameters;
    parameters.add(name);
    const Result<Rows> found =
        co_await session.query("SELECT FROM pg_roles WHERE rolname = $1 AND NOT rolcanlogin",
                               std::move(parameters), deadline);
    if (!found) {
        co_return fail(found.error());
    }
    if (found->empty()) {
        co_return Result<void>();
    }
    const Secrets secrets(setup.layout);
    const Result<std::string> password = secrets.password(role);
    if (!password) {
        co_return fail(password.error());
    }
    const Result<std::string> verifier = session.password_verifier(name, *password);
    if (!verifier) {
        co_return fail(verifier.error());
    }
    // Neither has a quote in it.
    const std::string begin = "ALTER ROLE " + name + " LOGIN PASSWORD '";
    std::string shown = begin + "the content of " + secrets.password_file(role).string() + "'";
    Result<void> done = co_await run(session, std::move(database), begin + *verifier + "'",
                                     std::move(shown), deadline);
    co_return done;
}

Task<Result<void>> make_roles(Session& session, const ServerSetup& setup, std::string database,
                              Deadline deadline) {
    for (const std::string_view script : {"missing_roles.sql", "missing_memberships.sql"}) {
        Result<void> done = co_await run_missing(session, database, script, deadline);
        if (!done) {
            co_return done;
        }
    }
    for (const Role role : {Role::migrator, Role::gateway, Role::monitor}) {
        Result<void> done = co_await allow_login(session, setup, database, role, deadline);
        if (!done) {
            co_return done;
        }
    }
    co_return Result<void>();
}

// Whoever makes a database for another role must be able to act as that role.
Task<Result<void>> create_database(Session& session, std::string maintenance, std::string name,
                                   Deadline deadline) {
    const Result<Rows> member = co_await session.query(
        "SELECT pg_has_role(current_user, 'pgmind_owner', 'MEMBER')", Parameters(), deadline);
    if (!member) {
        co_return fail(member.error());
    }
    if (!member->boolean(0, 0)) {
        const std::string grant = "GRANT pgmind_owner TO CURRENT_USER";
        Result<void> granted = co_await run(session, maintenance, grant, grant, deadline);
        if (!granted) {
            co_return granted;
        }
    }
    const std::string statement = "CREATE DATABASE " + name + " OWNER pgmind_owner";
    Result<void> done = co_await run(session, maintenance, statement, statement, deadline);
    co_return done;
}

// A database of that name that belongs to another program is left alone.
Task<Result<void>> make_database(Session& session, std::string maintenance, std::string name,
                                 Deadline deadline) {
    Parameters parameters;
    parameters.add(name);
    const Result<Rows> found = co_await session.query(
        "SELECT pg_get_userbyid(datdba), pg_encoding_to_char(encoding) "
        "FROM pg_database WHERE datname = $1",
        std::move(parameters), deadline);
    if (!found) {
        co_return fail(found.error());
    }
    if (found->empty()) {
        Result<void> made =
            co_await create_database(session, std::move(maintenance), std::move(name), deadline);
        co_return made;
    }
    if (found->text(0, 0) != "pgmind_owner") {
        co_return fail(Errc::privilege_missing,
                       "the database " + name + " belongs to " + std::string(found->text(0, 0)) +
                           ", not to pgmind_owner; if it is meant for pgmind, an administrator "
                           "must run: ALTER DATABASE " +
                           name + " OWNER TO pgmind_owner");
    }
    if (found->text(0, 1) != "UTF8") {
        co_return fail(Errc::broken_state, "the database " + name + " has the encoding " +
                                               std::string(found->text(0, 1)) +
                                               ": pgmind needs UTF8");
    }
    co_return Result<void>();
}

VectorFacts facts_from(const Rows& rows) {
    const auto extension = [&](std::size_t row) {
        return ExtensionFacts{std::string(rows.text(row, 0)), std::string(rows.text(row, 1)),
                              std::string(rows.text(row, 2))};
    };
    return {extension(0), extension(1), rows.boolean(0, 3)};
}

// Extensions belong to the administrator, so that nobody else can change their functions.
Task<Result<void>> install_extension(const ServerSetup& setup, Node node, std::string database,
                                     std::vector<std::string> statements, Deadline deadline) {
    auto options = setup.connections->to(node, database, Role::superuser);
    if (!options) {
        co_return fail(std::move(options.error()));
    }
    Result<Session> session = co_await Session::connect(std::move(*options), deadline);
    if (!session) {
        co_return fail(std::move(session.error()));
    }
    for (const std::string& statement : statements) {
        Result<void> done = co_await run(*session, database, statement, statement, deadline);
        if (!done) {
            co_return done;
        }
    }
    co_return Result<void>();
}

// The migrator looks, so that the administrator need not be let into databases that are complete.
Task<Result<VectorExtension>> set_up_vectors(const ServerSetup& setup, Node node,
                                             std::string database, Deadline deadline) {
    auto options = setup.connections->to(node, database, Role::migrator);
    if (!options) {
        co_return fail(std::move(options.error()));
    }
    Result<Session> session = co_await Session::connect(std::move(*options), deadline);
    if (!session) {
        co_return fail(std::move(session.error()));
    }
    // Two nodes may be one database by mistake, or two gateways start at once.
    const Result<Rows> locked = co_await session->query(kLockSetUp, Parameters(), deadline);
    if (!locked) {
        co_return fail(locked.error());
    }
    const Result<Rows> rows = co_await session->query(kVectorFacts, Parameters(), deadline);
    if (!rows) {
        co_return fail(rows.error());
    }
    Result<VectorSetup> plan = plan_vectors(facts_from(*rows), setup.vectors);
    if (!plan) {
        co_return fail(std::move(plan.error()));
    }
    if (!plan->statements.empty()) {
        const Result<void> done = co_await install_extension(setup, node, database,
                                                             std::move(plan->statements), deadline);
        if (!done) {
            co_return fail(done.error());
        }
    }
    if (plan->name_types) {
        std::string names(cluster_script("pgvector_names.sql"));
        const Result<void> done = co_await session->script(std::move(names), deadline);
        if (!done) {
            co_return fail(done.error());
        }
    }
    co_return plan->extension;
}

// Over and over, since it is harmless: what is in the script may have changed.
Task<Result<void>> run_as_superuser(const ServerSetup& setup, Node node, std::string database,
                                    std::string script, Deadline deadline) {
    auto options = setup.connections->to(node, std::move(database), Role::superuser);
    if (!options) {
        co_return fail(std::move(options.error()));
    }
    Result<Session> session = co_await Session::connect(std::move(*options), deadline);
    if (!session) {
        co_return fail(std::move(session.error()));
    }
    Result<void> done = co_await session->script(std::move(script), deadline);
    co_return done;
}

Task<Result<void>> prepare_sql_logins(const ServerSetup& setup, Node node, Deadline deadline) {
    std::string roles(cluster_script("sql_roles.sql"));
    Result<void> done =
        co_await run_as_superuser(setup, node, "postgres", std::move(roles), deadline);
    for (const std::string& database : databases_of(node.role)) {
        if (done) {
            std::string access(cluster_script("sql_access.sql"));
            done = co_await run_as_superuser(setup, node, database, std::move(access), deadline);
        }
    }
    co_return done;
}

Task<Result<DatabaseVectors>> set_up_databases(const ServerSetup& setup, Node node,
                                               Deadline deadline) {
    const std::vector<std::string> databases = databases_of(node.role);
    std::vector<Task<Result<VectorExtension>>> tasks;
    for (const std::string& database : databases) {
        tasks.push_back(set_up_vectors(setup, node, database, deadline));
    }
    auto results = co_await async::when_all(std::move(tasks));
    DatabaseVectors vectors;
    for (std::size_t i = 0; i < results.size(); ++i) {
        if (!results[i]) {
            co_return fail(std::move(results[i].error()));
        }
        vectors.emplace(databases[i], *results[i]);
    }
    co_return vectors;
}

Task<Result<void>> make_roles_and_databases(const ServerSetup& setup, Node node,
                                            Deadline deadline) {
    auto options = setup.connections->to_maintenance(node);
    if (!options) {
        co_return fail(std::move(options.error()));
    }
    const std::string maintenance = options->database;
    Result<Session> session = co_await Session::connect(std::move(*options), deadline);
    if (!session) {
        co_return fail(std::move(session.error()));
    }
    // Several nodes may be databases of one server.
    const Result<Rows> locked = co_await session->query(kLockSetUp, Parameters(), deadline);
    if (!locked) {
        co_return fail(locked.error());
    }
    Result<void> done = co_await make_roles(*session, setup, maintenance, deadline);
    for (const std::string& database : databases_of(node.role)) {
        if (done) {
            done = co_await make_database(*session, maintenance, database, deadline);
        }
    }
    co_return done;
}

// The migrator looks here too.
Task<Result<bool>> script_is_due(const ServerSetup& setup, Node node, std::string database,
                                 Deadline deadline) {
    auto options = setup.connections->to(node, std::move(database), Role::migrator);
    if (!options) {
        co_return fail(std::move(options.error()));
    }
    Result<Session> session = co_await Session::connect(std::move(*options), deadline);
    if (!session) {
        co_return fail(std::move(session.error()));
    }
    Parameters parameters;
    parameters.add(setup.coordinator_script.schema).add(setup.coordinator_script.version);
    const Result<Rows> same = co_await session->query(
        "SELECT FROM pg_namespace WHERE nspname = $1 AND "
        "obj_description(oid, 'pg_namespace') = $2",
        std::move(parameters), deadline);
    if (!same) {
        co_return fail(same.error());
    }
    co_return same->empty();
}

Task<Result<void>> run_coordinator_script(const ServerSetup& setup, Node node, Deadline deadline) {
    const std::string database = databases_of(node.role).front();
    const Result<bool> due = co_await script_is_due(setup, node, database, deadline);
    if (!due) {
        co_return fail(due.error());
    }
    if (!*due) {
        co_return Result<void>();
    }
    auto options = setup.connections->to(node, database, Role::superuser);
    if (!options) {
        co_return fail(std::move(options.error()));
    }
    Result<Session> session = co_await Session::connect(std::move(*options), deadline);
    if (!session) {
        co_return fail(std::move(session.error()));
    }
    std::string sql = setup.coordinator_script.sql;
    std::string shown = "what `pgmind audit schema` prints";
    Result<void> done =
        co_await run(*session, database, std::move(sql), std::move(shown), deadline);
    co_return done;
}

}  // namespace

Task<Result<DatabaseVectors>> set_up_server(ServerSetup setup, Node node, Deadline deadline) {
    const Result<void> made = co_await make_roles_and_databases(setup, node, deadline);
    if (!made) {
        co_return fail(made.error());
    }
    if (node.role == NodeRole::coordinator) {
        if (!setup.coordinator_script.schema.empty()) {
            const Result<void> done = co_await run_coordinator_script(setup, node, deadline);
            if (!done) {
                co_return fail(done.error());
            }
        }
        co_return DatabaseVectors();
    }
    if (setup.sql_logins) {
        const Result<void> prepared = co_await prepare_sql_logins(setup, node, deadline);
        if (!prepared) {
            co_return fail(prepared.error());
        }
    }
    auto vectors = co_await set_up_databases(setup, std::move(node), deadline);
    co_return vectors;
}

}  // namespace pgmind::cluster
