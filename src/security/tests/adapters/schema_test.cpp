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

const char kInsertLeaf[] =
    "INSERT INTO pgmind_audit.leaves (log_id, leaf_index, occurred_at, request_id, principal_id,"
    " principal_name, action, resource_type, resource, decision, outcome, reason, protocol,"
    " remote_address, change_id) VALUES ('00000000-0000-0000-0000-000000000001', 0, now(), '', '',"
    " '', 'read', 'memory', 'a', 'allow', 'ok', '', 'rest', '', '')";
const char kInsertCheckpoint[] =
    "INSERT INTO pgmind_audit.checkpoints VALUES ('00000000-0000-0000-0000-000000000001', 1,"
    " decode(repeat('00', 32), 'hex'), 1, 'key', decode(repeat('00', 64), 'hex'))";

TEST_F(SchemaTest, TheAuditLogIsAppendOnlyForTheGateway) {
    EXPECT_EQ(sqlstate_as_gateway(kInsertLeaf), "");
    EXPECT_EQ(sqlstate_as_gateway(kInsertCheckpoint), "");
    EXPECT_EQ(sqlstate_as_gateway("SELECT * FROM pgmind_audit.records"), "");
    const std::string partition =
        coordinator_.ask("SELECT tableoid::regclass FROM pgmind_audit.leaves");
    EXPECT_EQ(partition.find("leaves_20"), std::string("pgmind_audit.").size()) << partition;
    for (const std::string& sql :
         {std::string("UPDATE pgmind_audit.leaves SET reason = ''"),
          std::string("DELETE FROM pgmind_audit.leaves"),
          std::string("TRUNCATE pgmind_audit.leaves"),
          std::string("DROP TABLE pgmind_audit.leaves"),
          std::string("ALTER TABLE pgmind_audit.leaves DISABLE TRIGGER ALL"),
          std::string("UPDATE pgmind_audit.checkpoints SET size = 2"),
          std::string("DELETE FROM pgmind_audit.checkpoints"),
          std::string("INSERT INTO pgmind_audit.retained VALUES (gen_random_uuid(), 1, '{}')"),
          std::string("UPDATE pgmind_audit.pending SET action = ''"), "DELETE FROM " + partition,
          "SELECT * FROM " + partition, std::string("CREATE TABLE pgmind_audit.other ()"),
          std::string("SET ROLE pgmind_owner"), std::string("SET ROLE pgmind_audit_owner")}) {
        EXPECT_EQ(sqlstate_as_gateway(sql), "42501") << sql;
    }
    EXPECT_EQ(coordinator_.ask("SELECT count(*) FROM pgmind_audit.leaves"), "1");
}

TEST_F(SchemaTest, TheMigratorsRoleCannotTouchTheAuditLog) {
    coordinator_.ask(kInsertLeaf);
    for (const char* sql : {"SELECT * FROM pgmind_audit.leaves", "DELETE FROM pgmind_audit.leaves",
                            "ALTER TABLE pgmind_audit.leaves DISABLE TRIGGER ALL",
                            "ALTER TABLE pgmind_audit.leaves OWNER TO pgmind_owner",
                            "DROP SCHEMA pgmind_audit CASCADE",
                            "CREATE TABLE pgmind_audit.other ()", "SET ROLE pgmind_audit_owner"}) {
        // A superuser that has taken the role could take any other: so ask as one who logged in.
        const std::string error = error_as_owner(sql);
        EXPECT_TRUE(error.find("permission denied") != std::string::npos ||
                    error.find("must be owner") != std::string::npos ||
                    std::string(sql).starts_with("SET ROLE"))
            << sql << ": " << error;
    }
    EXPECT_EQ(coordinator_.ask("SELECT count(*) FROM pg_auth_members m JOIN pg_roles r"
                               " ON r.oid = m.roleid WHERE r.rolname = 'pgmind_audit_owner'"),
              "0");
    EXPECT_EQ(
        coordinator_.ask("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'pgmind_audit_owner'"),
        "f");
    EXPECT_EQ(
        coordinator_.ask("SELECT count(*) FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner"
                         " WHERE c.relnamespace = 'pgmind_audit'::regnamespace"
                         " AND r.rolname <> 'pgmind_audit_owner'"),
        "0");
}

TEST_F(SchemaTest, TheAuditLogIsAppendOnlyForItsOwnerAndForMistakesOfASuperuser) {
    coordinator_.ask(kInsertLeaf);
    coordinator_.ask(kInsertCheckpoint);
    for (const char* role : {"", "SET ROLE pgmind_audit_owner; "}) {
        for (const char* sql :
             {"UPDATE pgmind_audit.leaves SET reason = 'x'", "DELETE FROM pgmind_audit.leaves",
              "TRUNCATE pgmind_audit.leaves", "DELETE FROM pgmind_audit.checkpoints",
              "TRUNCATE pgmind_audit.checkpoints"}) {
            EXPECT_THROW(coordinator_.ask(std::string(role) + sql), std::runtime_error) << sql;
        }
    }
    EXPECT_EQ(coordinator_.ask("SELECT count(*) FROM pgmind_audit.leaves"), "1");
}

TEST_F(SchemaTest, AnAuditorReadsTheLogAndNothingElse) {
    coordinator_.ask(kInsertLeaf);
    const auto denied = [&](const std::string& sql) {
        try {
            coordinator_.ask("SET ROLE pgmind_auditor; " + sql);
        } catch (const std::runtime_error&) {
            return true;
        }
        return false;
    };
    EXPECT_FALSE(denied("SELECT * FROM pgmind_audit.records"));
    EXPECT_FALSE(denied("SELECT * FROM pgmind_audit.checkpoints"));
    for (const char* sql : {"DELETE FROM pgmind_audit.leaves",
                            "INSERT INTO pgmind_audit.retained VALUES"
                            " (gen_random_uuid(), 1, '{}')",
                            "SELECT * FROM pgmind.principals", "SELECT * FROM pgmind.api_keys",
                            "SELECT pgmind_audit.make_partitions()"}) {
        EXPECT_TRUE(denied(sql)) << sql;
    }
}

TEST_F(SchemaTest, MakingTheSchemaAgainChangesNothing) {
    coordinator_.ask(kInsertLeaf);
    coordinator_.ask(std::string(security_coordinator_script()));
    EXPECT_EQ(coordinator_.ask("SELECT count(*) FROM pgmind_audit.leaves"), "1");
    EXPECT_EQ(coordinator_.ask("SELECT count(*) FROM pg_inherits"
                               " WHERE inhparent = 'pgmind_audit.leaves'::regclass"),
              "6");
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
