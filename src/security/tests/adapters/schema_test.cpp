// What the database itself refuses, whatever the program does.
#include <gtest/gtest.h>

#include "platform/postgres/session.hpp"
#include "security/tests/adapters/coordinator.hpp"

namespace pgmind::security {
namespace {

using postgres::testing::run;
using postgres::testing::TemporaryPostgres;
using testing::Coordinator;
using testing::soon;

class SchemaTest : public ::testing::Test {
  protected:
    // The SQLSTATE that the gateway's role meets; empty when the statement succeeds.
    std::string sqlstate_as_gateway(const std::string& sql) {
        auto session = run(loop_, postgres::Session::connect(coordinator_.gateway(), soon()));
        if (!session) {
            return session.error().detail;
        }
        const auto rows = run(loop_, session->query(sql, {}, soon()));
        return rows ? "" : rows.error().reason;
    }
    // The same for the owner of the tables, who cannot log in: a superuser acts for it.
    std::string error_as_owner(const std::string& sql) {
        try {
            coordinator_.ask("SET ROLE pgmind_owner; " + sql);
        } catch (const std::runtime_error& error) {
            return error.what();
        }
        return "";
    }

    boost::asio::io_context loop_{1};
    Coordinator coordinator_{TemporaryPostgres::instance()};
};

const char kInsertAudit[] =
    "INSERT INTO pgmind.audit_log (occurred_at, request_id, principal_id, principal_name, action,"
    " resource_type, resource, decision, reason, protocol, remote_address)"
    " VALUES (now(), '', '', '', 'read', 'memory', 'a', 'allow', 'ok', 'rest', '')";

TEST_F(SchemaTest, TheAuditLogIsAppendOnlyForTheGateway) {
    EXPECT_EQ(sqlstate_as_gateway(kInsertAudit), "");
    EXPECT_EQ(sqlstate_as_gateway("SELECT * FROM pgmind.audit_log"), "");
    EXPECT_EQ(sqlstate_as_gateway("UPDATE pgmind.audit_log SET reason = ''"), "42501");
    EXPECT_EQ(sqlstate_as_gateway("DELETE FROM pgmind.audit_log"), "42501");
    EXPECT_EQ(sqlstate_as_gateway("TRUNCATE pgmind.audit_log"), "42501");
    EXPECT_EQ(sqlstate_as_gateway("DROP TABLE pgmind.audit_log"), "42501");
    EXPECT_EQ(sqlstate_as_gateway("ALTER TABLE pgmind.audit_log DISABLE TRIGGER ALL"), "42501");
    EXPECT_EQ(sqlstate_as_gateway("SET ROLE pgmind_owner"), "42501");
    EXPECT_EQ(coordinator_.ask("SELECT count(*) FROM pgmind.audit_log"), "1");
}

TEST_F(SchemaTest, TheAuditLogIsAppendOnlyForItsOwnerToo) {
    coordinator_.ask(kInsertAudit);
    for (const char* sql :
         {"UPDATE pgmind.audit_log SET reason = 'x'", "DELETE FROM pgmind.audit_log",
          "TRUNCATE pgmind.audit_log", "DELETE FROM pgmind.audit_log WHERE false"}) {
        EXPECT_NE(error_as_owner(sql).find("append-only"), std::string::npos) << sql;
    }
    // Not even while triggers of replicated changes are off.
    EXPECT_THROW(coordinator_.ask("SET session_replication_role = replica;"
                                  "DELETE FROM pgmind.audit_log"),
                 std::runtime_error);
    EXPECT_EQ(coordinator_.ask("SELECT count(*) FROM pgmind.audit_log"), "1");
    EXPECT_EQ(coordinator_.ask("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'pgmind_owner'"),
              "f");
}

TEST_F(SchemaTest, TheGatewayCannotRewriteIdentities) {
    for (const char* sql :
         {"DELETE FROM pgmind.principals", "UPDATE pgmind.principals SET name = 'x'",
          "TRUNCATE pgmind.principals, pgmind.grants, pgmind.api_keys",
          "DELETE FROM pgmind.api_keys", "UPDATE pgmind.api_keys SET hmac = ''",
          "UPDATE pgmind.api_keys SET principal_id = gen_random_uuid()",
          "UPDATE pgmind.grants SET role = 'admin'",
          "UPDATE pgmind.security_version SET number = 1", "DELETE FROM pgmind.security_version",
          "ALTER TABLE pgmind.grants DISABLE TRIGGER security_changed"}) {
        EXPECT_EQ(sqlstate_as_gateway(sql), "42501") << sql;
    }
}

TEST_F(SchemaTest, EveryChangeMovesTheVersionOn) {
    const std::string version = "SELECT number || ' ' || token FROM pgmind.security_version";
    std::string last = coordinator_.ask(version);
    for (const char* sql :
         {"INSERT INTO pgmind.principals VALUES (gen_random_uuid(), 'ann', 'user', false, now())",
          "INSERT INTO pgmind.grants SELECT principal_id, 1, 'readonly', '*', false"
          " FROM pgmind.principals",
          "INSERT INTO pgmind.api_keys SELECT '0123456789abcdef', principal_id,"
          " decode(repeat('00', 32), 'hex'), '', now() FROM pgmind.principals",
          "UPDATE pgmind.api_keys SET revoked_at = now()", "DELETE FROM pgmind.grants",
          "TRUNCATE pgmind.api_keys"}) {
        coordinator_.ask(sql);
        const std::string next = coordinator_.ask(version);
        EXPECT_NE(next, last) << sql;
        last = next;
    }
}

TEST_F(SchemaTest, NamesAndKindsAreCheckedByTheDatabaseToo) {
    for (const char* values : {"'Ann', 'user'", "'', 'user'", "'a b', 'user'", "'ann', 'robot'"}) {
        EXPECT_THROW(coordinator_.ask("INSERT INTO pgmind.principals SELECT gen_random_uuid(), " +
                                      std::string(values) + ", false, now()"),
                     std::runtime_error)
            << values;
    }
}

}  // namespace
}  // namespace pgmind::security
