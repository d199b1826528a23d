// SQL logins on a real server: what they see, what they may do, and the ways around it.
#include <gmock/gmock.h>

#include "security/tests/adapters/gateway.hpp"
#include "security/tests/adapters/shard.hpp"

namespace pgmind::security {
namespace {

using postgres::testing::TemporaryPostgres;
using std::chrono::milliseconds;
using testing::Coordinator;
using testing::Gateway;
using testing::Shard;
using testing::soon;
using testing::time_until;

/// A session of a login; answers as text, failures as "error SQLSTATE".
class Client {
  public:
    Client(const postgres::ConnectionOptions& options)
        : session_(postgres::testing::run(loop_, postgres::Session::connect(options, soon()))) {}

    bool connected() const { return session_.has_value(); }
    std::string ask(std::string sql) {
        if (!session_) {
            return "not connected";
        }
        const auto rows = postgres::testing::run(
            loop_, session_->query(std::move(sql), postgres::Parameters(), soon()));
        if (!rows) {
            return "error " + rows.error().reason;
        }
        std::string text;
        for (std::size_t row = 0; row < rows->size(); ++row) {
            text += (row == 0 ? "" : "\n") + std::string(rows->text(row, 0));
        }
        return text;
    }

  private:
    boost::asio::io_context loop_{1};
    Result<postgres::Session> session_;
};

class SqlAccessTest : public ::testing::Test {
  protected:
    SqlAccessTest() {
        gateway_.administrator();
        shard_.ask(
            "SELECT pgmind.memory_store('team-a', 'k' || i, '{}', 'text ' || i)"
            " FROM generate_series(1, 10) i");
        shard_.ask(
            "SELECT pgmind.memory_store('secret', 'k' || i, '{\"pin\": 7}', 'hidden')"
            " FROM generate_series(1, 20) i");
    }

    ~SqlAccessTest() override {
        // Roles belong to the whole server.
        shard_.ask("SELECT pgmind_server.set_sql_logins('[]')");
    }

    SqlCredentials enable(const std::string& name, std::vector<Grant> grants) {
        gateway_.add(name, std::move(grants));
        const auto made = gateway_.run(gateway_.security->enable_sql(gateway_.request, name));
        EXPECT_TRUE(made) << made.error().detail;
        return made.value_or(SqlCredentials{});
    }
    Client connect(const SqlCredentials& credentials) {
        return Client(shard_.login(credentials.login, credentials.password));
    }
    // Until the keeper has been there.
    void wait_for(const SqlCredentials& credentials) {
        EXPECT_LT(time_until([&] { return connect(credentials).connected(); }),
                  milliseconds(1'000));
    }
    void set_grants(const std::string& name, const std::vector<Grant>& grants) {
        ASSERT_TRUE(gateway_.run(gateway_.security->set_grants(gateway_.request, name, grants)));
    }

    Coordinator coordinator_{TemporaryPostgres::instance()};
    Shard shard_{TemporaryPostgres::instance()};
    Gateway gateway_{coordinator_, [this](SecurityOptions& options) {
                         options.sql_databases.push_back({"shard", shard_.as("pgmind_migrator")});
                     }};
};

TEST_F(SqlAccessTest, ALoginSeesItsNamespacesAndFollowsItsGrantsWithinASecond) {
    const SqlCredentials reader = enable("reader", {{Role::readonly, "team-*"}});
    EXPECT_EQ(reader.login, "sql_reader");
    wait_for(reader);
    Client client = connect(reader);
    EXPECT_EQ(client.ask("SELECT count(*) FROM memory_entries"), "10");
    EXPECT_EQ(client.ask("SELECT count(*) FROM live_entries WHERE namespace = 'secret'"), "0");
    EXPECT_EQ(client.ask("SELECT string_agg(namespace, ' ') FROM namespaces"), "team-a");
    EXPECT_EQ(connect({reader.login, "wrong"}).ask("SELECT 1"), "not connected");

    set_grants("reader", {{Role::readonly, "*"}, {Role::readonly, "team-*", true}});
    EXPECT_LT(time_until([&] { return client.ask("SELECT count(*) FROM memory_entries") == "20"; }),
              milliseconds(1'000))
        << "also in a session that is open";
    set_grants("reader", {});
    EXPECT_LT(time_until([&] { return client.ask("SELECT 1") != "1"; }), milliseconds(1'000))
        << "who may do nothing is cut off";
    EXPECT_FALSE(connect(reader).connected());
    set_grants("reader", {{Role::readonly, "team-*"}});
    wait_for(reader);
}

TEST_F(SqlAccessTest, DisablingEndsTheLoginAndWhatIsConnected) {
    const SqlCredentials ann = enable("ann", {{Role::app_user, "*"}});
    wait_for(ann);
    Client client = connect(ann);
    EXPECT_EQ(client.ask("SELECT count(*) FROM memory_entries"), "30");
    ASSERT_TRUE(gateway_.run(gateway_.security->disable_sql(gateway_.request, "ann")));
    EXPECT_LT(time_until([&] { return client.ask("SELECT 1") != "1"; }), milliseconds(1'000));
    EXPECT_FALSE(connect(ann).connected());
    EXPECT_EQ(shard_.ask("SELECT count(*) FROM pg_roles WHERE rolname = 'sql_ann'"), "0");
    const auto again = gateway_.run(gateway_.security->enable_sql(gateway_.request, "ann"));
    ASSERT_TRUE(again);
    EXPECT_NE(again->password, ann.password);
    wait_for(*again);
}

TEST_F(SqlAccessTest, WhatIsNotConfirmedCountsForNothing) {
    const SqlCredentials reader = enable("reader", {{Role::readonly, "*"}});
    wait_for(reader);
    Client client = connect(reader);
    EXPECT_EQ(client.ask("SELECT count(*) FROM memory_entries"), "30");
    ASSERT_TRUE(gateway_.runtime->stop(soon()));
    shard_.ask("UPDATE pgmind.sql_access_state SET valid_until = clock_timestamp()");
    EXPECT_EQ(client.ask("SELECT count(*) FROM memory_entries"), "0");
    EXPECT_EQ(client.ask("SELECT count(*) FROM namespaces"), "0");
    Client owner(shard_.as("pgmind_migrator"));
    EXPECT_EQ(owner.ask("SELECT pgmind.sql_access_confirm(0)"), "f");
}

TEST_F(SqlAccessTest, AnOlderDirectoryDoesNotReplaceANewerOne) {
    Client owner(shard_.as("pgmind_migrator"));
    shard_.ask("UPDATE pgmind.sql_access_state SET revision = 1000, valid_until = 'infinity'");
    EXPECT_EQ(owner.ask("SELECT pgmind.sql_access_replace(999, '[]')"), "f");
    shard_.ask("UPDATE pgmind.sql_access_state SET valid_until = '-infinity'");
    EXPECT_EQ(owner.ask("SELECT pgmind.sql_access_replace(999, '[]')"), "t")
        << "as after a restored backup";
}

TEST_F(SqlAccessTest, WritesGoThroughFunctionsWithTheGrantsOfTheLogin) {
    const SqlCredentials app = enable("app", {{Role::app_user, "team-*"}, {Role::readonly, "*"}});
    wait_for(app);
    Client client = connect(app);
    EXPECT_EQ(client.ask("SELECT created FROM sql_store('team-b', 'x', '{\"n\": 1}')"), "t");
    EXPECT_EQ(client.ask("SELECT version FROM sql_store('team-b', 'x', '{\"n\": 2}')"), "2");
    EXPECT_EQ(client.ask("SELECT value FROM live_entries WHERE namespace = 'team-b'"),
              R"({"n": 2})");
    EXPECT_EQ(client.ask("SELECT sql_store('secret', 'x', '1')"), "error 42501");
    EXPECT_EQ(client.ask("SELECT sql_delete('secret', 'k1')"), "error 42501");
    EXPECT_EQ(client.ask("SELECT sql_delete('team-b', 'x')"), "t");
    EXPECT_EQ(client.ask("SELECT sql_delete('team-b', 'x')"), "f");
    EXPECT_EQ(shard_.ask("SELECT string_agg(name || ' ' || principal, ', ' ORDER BY id)"
                         " FROM pgmind.event_outbox WHERE principal <> ''"),
              "NamespaceCreated sql_app, MemoryEntryStored sql_app, MemoryEntryStored sql_app, "
              "MemoryEntryDeleted sql_app");
}

TEST_F(SqlAccessTest, ATenantOfOnePerCentGetsItsWholeTopTenFromItsIndex) {
    shard_.ask(
        "INSERT INTO pgmind.namespaces (namespace, dimensions) VALUES ('big', 16), ('team-v', 16);"
        "INSERT INTO pgmind.memory_entries (namespace, key, entry_id, value, embedding, tsv)"
        " SELECT CASE WHEN i % 100 = 0 THEN 'team-v' ELSE 'big' END, 'k' || i, gen_random_uuid(),"
        "  '{}', (SELECT array_agg(sin(i * j))::real[] FROM generate_series(1, 16) j)::ruvector, ''"
        " FROM generate_series(1, 10000) i; ANALYZE pgmind.memory_entries");
    const SqlCredentials reader = enable("reader", {{Role::readonly, "team-*"}});
    wait_for(reader);
    Client client = connect(reader);
    const std::string search =
        "SELECT key FROM live_entries WHERE namespace = 'team-v' ORDER BY embedding <=>"
        " (SELECT array_agg(sin(100 * j))::real[] FROM generate_series(1, 16) j)::ruvector LIMIT ";
    EXPECT_EQ(client.ask("SELECT count(*) FROM (" + search + "10) a"), "10");
    EXPECT_EQ(client.ask("SELECT count(*) FROM (" + search + "100) a"), "100");
    // For a hundred rows sorting them all costs less; the index does it as well.
    EXPECT_EQ(client.ask("SET enable_sort = off"), "");
    EXPECT_THAT(client.ask("EXPLAIN " + search + "10"),
                ::testing::HasSubstr("Index Scan using memory_entries_vectors"));
    EXPECT_EQ(client.ask("SELECT count(*) FROM (" + search + "10) a"), "10");
    EXPECT_EQ(client.ask("SELECT count(*) FROM (" + search + "100) a"), "100");
    const std::string everywhere =
        "SELECT key FROM live_entries WHERE embedding IS NOT NULL ORDER BY embedding <=>"
        " (SELECT array_agg(sin(100 * j))::real[] FROM generate_series(1, 16) j)::ruvector LIMIT ";
    EXPECT_EQ(client.ask("SELECT count(*) FROM (" + everywhere + "10) a"), "10")
        << "without naming the namespace too";
}

const std::vector<std::string> kRefused = {
    "SET ROLE pgmind_owner",
    "SET ROLE pgmind_gateway",
    "SET ROLE pgmind_migrator",
    "SET ROLE pgmind_auditor",
    "SET ROLE postgres",
    "SET SESSION AUTHORIZATION pgmind_gateway",
    "SET SESSION AUTHORIZATION postgres",
    "SET row_security = off; SELECT * FROM memory_entries",
    "INSERT INTO sql_access VALUES (session_user, 'read', '{%}', '{}')",
    "UPDATE sql_access SET allowed = '{%}'",
    "SELECT * FROM sql_access",
    "SELECT sql_access_replace(1000000, '[]')",
    "SELECT sql_access_confirm(1)",
    "SELECT pgmind_server.set_sql_logins('[]')",
    "SELECT pgmind_server.null_fraction('pgmind.memory_entries', 'text')",
    "INSERT INTO memory_entries SELECT * FROM memory_entries",
    "DELETE FROM memory_entries",
    "UPDATE memory_entries SET namespace = 'team-a'",
    "TRUNCATE memory_entries",
    "LOCK TABLE memory_entries IN ROW EXCLUSIVE MODE",
    "LOCK TABLE memory_entries",
    "SELECT memory_store('secret', 'x', '1')",
    "SELECT memory_remove_namespace('secret')",
    "SELECT memory_set_text_language('german')",
    "SELECT * FROM event_outbox",
    "INSERT INTO event_outbox (name) VALUES ('NamespaceDeleted')",
    "SELECT * FROM idempotency_keys",
    "SELECT * FROM memory_settings",
    "UPDATE memory_settings SET text_language = 'german'",
    "CREATE TEMPORARY TABLE t (a integer)",
    "CREATE TABLE t (a integer)",
    "CREATE TABLE public.t (a integer)",
    "CREATE SCHEMA s",
    "CREATE FUNCTION pg_temp.leak(jsonb) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS"
    " $$BEGIN RAISE NOTICE '%', $1; RETURN true; END$$",
    "CREATE FUNCTION public.leak() RETURNS void LANGUAGE sql AS ''",
    "CREATE OR REPLACE VIEW live_entries AS SELECT 1",
    "ALTER TABLE memory_entries DISABLE ROW"
    " LEVEL SECURITY",
    "ALTER VIEW live_entries SET (security_invoker = false)",
    "DROP POLICY sql_logins ON memory_entries",
    "CREATE POLICY mine ON memory_entries USING (true)",
    "COPY memory_entries FROM PROGRAM 'true'",
    "COPY memory_entries TO '/tmp/stolen'",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "SELECT pg_read_file('postgresql.conf')",
    "SELECT pg_ls_dir('.')",
    "SELECT lo_create(7)",
    "SELECT lo_import('/etc/passwd')",
    "SELECT lo_from_bytea(0, 'x')",
    "CREATE EXTENSION dblink",
    "CREATE EXTENSION postgres_fdw",
    "SELECT dblink('dbname=project', 'SELECT 1')",
    "CREATE ROLE other",
    "ALTER ROLE pgmind_owner"
    " LOGIN",
    "GRANT pgmind_admin TO session_user",
    "ALTER ROLE session_user SUPERUSER",
    "SELECT * FROM pg_stat_activity",
    "SELECT pg_stat_get_activity(NULL)",
    "SELECT * FROM pg_authid",
    "SELECT * FROM pg_statistic",
    "SELECT pg_advisory_lock(namespace_lock_key('secret'))",
    "SELECT pg_advisory_xact_lock(1)",
    "SELECT pg_terminate_backend(pg_stat_get_backend_pid(b)) FROM pg_stat_get_backend_idset() b"
    " WHERE pg_stat_get_backend_pid(b) <> pg_backend_pid()",
    "ALTER SYSTEM SET log_statement = 'none'",
    "SET log_statement = 'none'",
    "SET session_replication_role = 'replica'",
    "CREATE SUBSCRIPTION s CONNECTION 'dbname=x'"
    " PUBLICATION p",
    "VACUUM FULL memory_entries_none"};
// Answered, with nothing of what is hidden in it.
const std::vector<std::string> kBlind = {
    "SELECT count(*) FROM memory_entries WHERE namespace = 'secret'",
    "SELECT count(*) FROM memory_entries WHERE value @> '{\"pin\": 7}'",
    "SELECT set_config('pgmind.namespace', 'secret', false) || count(*) FROM memory_entries"
    " WHERE namespace = 'secret'",
    "SELECT count(*) FROM namespaces WHERE namespace = 'secret'",
    "SELECT count(*) FROM pg_stats WHERE tablename IN ('memory_entries', 'namespaces')",
    "SELECT coalesce(max((value -> 'pin')::text::integer / (namespace <> 'secret')::integer),"
    " 0) FROM memory_entries"};

// Each statement, as each class of login. What PostgreSQL must refuse, it refuses with an error;
// what it may answer must not contain what is hidden.
TEST_F(SqlAccessTest, TheWaysAroundItAreClosedToEveryClass) {
    const std::vector<std::pair<std::string, Role>> classes = {{"adm", Role::admin},
                                                               {"app", Role::app_user},
                                                               {"mcp", Role::mcp_user},
                                                               {"ro", Role::readonly}};
    for (const auto& [name, role] : classes) {
        const SqlCredentials credentials = enable(name, {{role, "team-*"}});
        wait_for(credentials);
        Client client = connect(credentials);
        for (const std::string& statement : kRefused) {
            EXPECT_THAT(client.ask(statement), ::testing::StartsWith("error"))
                << name << ": " << statement;
        }
        for (const std::string& statement : kBlind) {
            EXPECT_THAT(client.ask(statement), ::testing::AnyOf("0", "secret0"))
                << name << ": " << statement;
        }
        EXPECT_EQ(client.ask("SELECT count(*) FROM memory_entries"), "10");
        // COPY of the table itself is the same query.
        EXPECT_EQ(client.ask("SELECT count(*) FROM (TABLE memory_entries) a"), "10");
        EXPECT_EQ(client.ask("SELECT pg_advisory_unlock_all()"), "error 42501");
        EXPECT_EQ(client.ask("SELECT sql_store('secret', 'x', '1')"), "error 42501") << name;
    }
}

TEST_F(SqlAccessTest, TheClassesAreOwnersOfNothingAndMembersOfNobody) {
    EXPECT_EQ(shard_.ask("SELECT string_agg(rolname, ' ' ORDER BY rolname) FROM pg_roles WHERE"
                         " rolname IN ('pgmind_admin', 'pgmind_app_user', 'pgmind_mcp_user',"
                         " 'pgmind_readonly', 'pgmind_auditor') AND NOT rolcanlogin AND NOT"
                         " rolbypassrls AND NOT rolsuper AND NOT rolcreaterole AND NOT rolcreatedb"
                         " AND NOT rolreplication"),
              "pgmind_admin pgmind_app_user pgmind_auditor pgmind_mcp_user pgmind_readonly");
    EXPECT_EQ(
        shard_.ask("SELECT count(*) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member"
                   " WHERE r.rolname ~ '^pgmind_(admin|app_user|mcp_user|readonly|auditor)$'"),
        "0");
    EXPECT_EQ(shard_.ask("SELECT count(*) FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid"
                         " WHERE d.deptype = 'o' AND r.rolname ~ '^pgmind_(admin|app_user|mcp_user|"
                         "readonly|auditor)$'"),
              "0");
    // Whatever runs with the rights of its owner looks names up where nobody else can put any.
    EXPECT_EQ(
        shard_.ask("SELECT count(*) FROM pg_proc p WHERE p.prosecdef AND p.pronamespace IN"
                   " ('pgmind'::regnamespace, 'pgmind_server'::regnamespace) AND NOT EXISTS"
                   " (SELECT FROM unnest(p.proconfig) c WHERE c LIKE 'search_path=%pg_temp')"),
        "0");
    EXPECT_EQ(shard_.ask("SELECT count(*) FROM pg_class WHERE relname IN ('memory_entries',"
                         " 'idempotency_keys') AND relrowsecurity AND relforcerowsecurity"),
              "2");
}

TEST_F(SqlAccessTest, PatternsMatchAsInTheGateway) {
    for (const auto& [pattern, name, expected] :
         {std::tuple("a_b", "axb", "f"), std::tuple("a_b", "a_b", "t"),
          std::tuple("100%", "100x", "f"), std::tuple("100%", "100%", "t"),
          std::tuple("a\\*", "a\\b", "t"), std::tuple("a\\*", "a*", "f"), std::tuple("*", "", "t"),
          std::tuple("*-x", "a\n-x", "t"), std::tuple("Ä*", "Äb", "t")}) {
        EXPECT_EQ(shard_.ask("SELECT $n$" + std::string(name) +
                             "$n$ LIKE pgmind.like_of_pattern($n$" + std::string(pattern) + "$n$)"),
                  expected)
            << pattern << " " << name;
    }
}

}  // namespace
}  // namespace pgmind::security
