// What somebody who rules the database can do to the audit log, and what both verifiers, which
// share no code, say to it.
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "platform/process/child.hpp"
#include "security/adapters/audit_export.hpp"
#include "security/adapters/audit_retention.hpp"
#include "security/adapters/audit_verifier.hpp"
#include "security/adapters/audit_witness.hpp"
#include "security/adapters/postgres_audit_store.hpp"
#include "security/tests/adapters/coordinator.hpp"

namespace pgmind::security {
namespace {

using postgres::testing::run;
using postgres::testing::TemporaryPostgres;
using testing::Coordinator;
using testing::soon;

constexpr int kBatches = 3;
constexpr int kRecords = 10;

crypto::SigningKey signing_key(char seed) {
    return crypto::SigningKey::from_seed(std::string(32, seed)).value();
}

std::string public_key(char seed) {
    const crypto::SigningKey key = signing_key(seed);
    return {key.public_key().begin(), key.public_key().end()};
}

AuditRecord record(int number, const std::string& outcome) {
    AuditRecord made;
    made.occurred_at = WallTime(std::chrono::microseconds(1'700'000'000'000'000 + number));
    made.request_id = "request-" + std::to_string(number);
    made.principal_name = "ann";
    made.action = "read";
    made.resource_type = "memory";
    made.resource = "quote \" back \\ tab \\t Ä €";
    made.decision = "allow";
    made.outcome = outcome;
    made.protocol = "rest";
    made.remote_address = "::1";
    return made;
}

class AuditProofTest : public ::testing::Test {
  protected:
    void TearDown() override {
        run(loop_, pool_.close(soon()));
        std::filesystem::remove_all(directory_);
    }
    void SetUp() override {
        std::filesystem::create_directories(directory_);
        witness_ = write_log(seal_, "ok");
        // The statement that made the log left none pending: the first superuser's tool.
        coordinator_.ask(
            "ALTER TABLE pgmind_audit.leaves DISABLE TRIGGER ALL;"
            "ALTER TABLE pgmind_audit.checkpoints DISABLE TRIGGER ALL");
    }

    // A whole log; gives what a witness has kept of it.
    std::vector<std::string> write_log(AuditSeal& seal, const std::string& outcome) {
        const auto store = make_postgres_audit_store(pool_, pool_, seal);
        std::vector<std::string> lines;
        for (int batch = 0; batch < kBatches; ++batch) {
            AuditBatch records{log_, batch * kRecords + 1, {}};
            for (int i = 0; i < kRecords; ++i) {
                records.records.push_back(record(batch * kRecords + i, outcome));
            }
            const auto appended = run(loop_, store->append(records, soon()));
            EXPECT_TRUE(appended) << appended.error().detail;
            lines.push_back(checkpoint_line(seal.last()));
        }
        return lines;
    }

    // Both verdicts, as exit codes; they must be one.
    int verify(const std::vector<std::string>& witness) {
        AuditVerifier verifier({public_key('s')});
        std::ofstream witness_file(directory_ / "witness");
        for (const std::string& line : witness) {
            EXPECT_TRUE(verifier.add_witnessed(line));
            witness_file << line << "\n";
        }
        witness_file.close();
        std::ofstream file(directory_ / "export");
        const auto exported = run(loop_, export_audit_log(
                                             coordinator_.gateway(),
                                             [&](std::string_view line) {
                                                 file << line << "\n";
                                                 return verifier.add(line);
                                             },
                                             soon()));
        EXPECT_TRUE(exported) << exported.error().detail;
        file.close();
        verdict_ = verifier.finish();
        EXPECT_EQ(independent_verdict(), static_cast<int>(verdict_.fault));
        return static_cast<int>(verdict_.fault);
    }

    int independent_verdict() {
        process::Command command;
        command.arguments = {"/usr/bin/python3",
                             PGMIND_VERIFY_AUDIT,
                             (directory_ / "export").string(),
                             "--public-key",
                             crypto::to_hex(signing_key('s').public_key()),
                             "--witness",
                             (directory_ / "witness").string()};
        command.environment = {"PYTHONDONTWRITEBYTECODE=1", "LC_ALL=C.UTF-8"};
        const auto completed = run(loop_, process::run(command, 4'096, soon()));
        EXPECT_TRUE(completed);
        return completed ? completed->status.code : -1;
    }

    const std::filesystem::path directory_ =
        std::filesystem::temp_directory_path() / ("pgmind_audit_proof_" + std::to_string(getpid()));
    boost::asio::io_context loop_{1};
    Coordinator coordinator_{TemporaryPostgres::instance()};
    postgres::Pool pool_{loop_, coordinator_.gateway(), {}, nullptr};
    const std::string log_ = new_uuid();
    AuditSeal seal_{signing_key('s')};
    std::vector<std::string> witness_;
    AuditVerdict verdict_;
};

TEST_F(AuditProofTest, AnUntouchedLogIsWhole) {
    EXPECT_EQ(verify(witness_), 0);
    EXPECT_EQ(verdict_.leaves, 30u);
    EXPECT_EQ(verdict_.checkpoints, 3u);
    EXPECT_EQ(verdict_.witnessed, 3u);
    EXPECT_EQ(verify({}), 0);
}

struct Attack {
    const char* what;
    std::string sql;
    int expected;
    int expected_with_witness;
};

TEST_F(AuditProofTest, EveryAttackHasItsVerdict) {
    const std::vector<Attack> attacks = {
        {"flip a text", "UPDATE pgmind_audit.leaves SET outcome = 'OK' WHERE leaf_index = 5", 2, 2},
        {"flip a time",
         "UPDATE pgmind_audit.leaves SET occurred_at = occurred_at + interval '1 us'"
         " WHERE leaf_index = 29",
         2, 2},
        {"move a boundary between two texts",
         "UPDATE pgmind_audit.leaves SET action = 'rea', resource_type = 'dmemory'"
         " WHERE leaf_index = 0",
         2, 2},
        {"drop", "DELETE FROM pgmind_audit.leaves WHERE leaf_index = 5", 3, 3},
        {"drop the first", "DELETE FROM pgmind_audit.leaves WHERE leaf_index = 0", 3, 3},
        {"reorder",
         "UPDATE pgmind_audit.leaves SET leaf_index = 11 - leaf_index WHERE leaf_index IN (5, 6)",
         2, 2},
        {"truncate", "DELETE FROM pgmind_audit.leaves WHERE leaf_index >= 25", 3, 3},
        {"insert at the end",
         "INSERT INTO pgmind_audit.leaves SELECT sequence, log_id, 30, occurred_at, recorded_at,"
         " request_id, principal_id, principal_name, action, resource_type, resource, decision,"
         " outcome, reason, protocol, remote_address, change_id FROM pgmind_audit.leaves"
         " WHERE leaf_index = 29",
         3, 3},
        {"insert in between",
         "INSERT INTO pgmind_audit.leaves SELECT sequence, log_id, leaf_index,"
         " occurred_at + interval '1 s', recorded_at, request_id, principal_id, principal_name,"
         " action, resource_type, resource, decision, outcome, reason, protocol, remote_address,"
         " change_id FROM pgmind_audit.leaves WHERE leaf_index = 7",
         2, 2},
        {"remove the newest checkpoint", "DELETE FROM pgmind_audit.checkpoints WHERE size = 30", 3,
         3},
        {"flip a signature",
         "UPDATE pgmind_audit.checkpoints SET signature = set_byte(signature, 3,"
         " get_byte(signature, 3) # 1) WHERE size = 20",
         4, 4},
        {"flip a root",
         "UPDATE pgmind_audit.checkpoints SET root = set_byte(root, 0, get_byte(root, 0) # 1)"
         " WHERE size = 20",
         4, 4},
        {"roll back",
         "DELETE FROM pgmind_audit.leaves WHERE leaf_index >= 20;"
         "DELETE FROM pgmind_audit.checkpoints WHERE size > 20",
         0, 5},
        {"remove the log", "DELETE FROM pgmind_audit.leaves; DELETE FROM pgmind_audit.checkpoints",
         0, 5},
        {"claim that the first half was deleted by age",
         "INSERT INTO pgmind_audit.retained SELECT log_id, 16, ARRAY[repeat('0', 64)]"
         " FROM pgmind_audit.leaves LIMIT 1;"
         "DELETE FROM pgmind_audit.leaves WHERE leaf_index < 16",
         2, 2},
    };
    coordinator_.ask(
        "CREATE TABLE kept_leaves AS SELECT * FROM pgmind_audit.leaves;"
        "CREATE TABLE kept_checkpoints AS SELECT * FROM pgmind_audit.checkpoints");
    for (const Attack& attack : attacks) {
        coordinator_.ask(attack.sql);
        EXPECT_EQ(verify({}), attack.expected) << attack.what;
        EXPECT_EQ(verify(witness_), attack.expected_with_witness) << attack.what;
        coordinator_.ask(
            "DELETE FROM pgmind_audit.leaves; DELETE FROM pgmind_audit.checkpoints;"
            "DELETE FROM pgmind_audit.retained;"
            "INSERT INTO pgmind_audit.leaves SELECT * FROM kept_leaves;"
            "INSERT INTO pgmind_audit.checkpoints SELECT * FROM kept_checkpoints");
        ASSERT_EQ(verify(witness_), 0) << "after " << attack.what;
    }
}

TEST_F(AuditProofTest, WhatIsLeftAfterOldMonthsWereDroppedIsStillProved) {
    coordinator_.ask(
        "DELETE FROM pgmind_audit.leaves; DELETE FROM pgmind_audit.checkpoints;"
        "CREATE TABLE pgmind_audit.leaves_2023_11 PARTITION OF pgmind_audit.leaves"
        " FOR VALUES FROM ('2023-11-01 UTC') TO ('2023-12-01 UTC')");
    const std::string log = new_uuid();
    AuditSeal seal(signing_key('s'));
    const auto store = make_postgres_audit_store(pool_, pool_, seal);
    AuditBatch old{log, 1, {}};
    for (int i = 0; i < 13; ++i) {
        old.records.push_back(record(i, "old"));
    }
    ASSERT_TRUE(run(loop_, store->append(old, soon())));
    AuditBatch recent{log, 14, {}};
    for (int i = 0; i < 6; ++i) {
        recent.records.push_back(record(i, "recent"));
        recent.records.back().occurred_at = system_clock().now();
    }
    // Accepted after a record of the next month: it goes with its neighbours.
    recent.records[1].occurred_at = old.records[0].occurred_at;
    ASSERT_TRUE(run(loop_, store->append(recent, soon())));
    const std::vector<std::string> witness = {checkpoint_line(seal.last())};
    ASSERT_EQ(verify(witness), 0);

    const auto drop = [&](const std::string& month) {
        return run(loop_,
                   drop_audit_before(TemporaryPostgres::instance().options(coordinator_.database()),
                                     month, soon()));
    };
    EXPECT_TRUE(drop("2023-11").error().is(Failure::invalid_argument));
    EXPECT_TRUE(drop("2023_11")->months.empty());
    const auto dropped = drop("2023_12");
    ASSERT_TRUE(dropped) << dropped.error().detail;
    EXPECT_EQ(dropped->months, std::vector<std::string>{"2023_11"});
    EXPECT_EQ(dropped->records, 14u);
    EXPECT_EQ(verify(witness), 0);
    EXPECT_EQ(verdict_.deleted, 15u);
    EXPECT_EQ(verdict_.leaves, 4u);
    EXPECT_EQ(verdict_.pending, 1u) << "the act itself is on record";
    coordinator_.ask("UPDATE pgmind_audit.leaves SET outcome = 'x' WHERE leaf_index = 18");
    EXPECT_EQ(verify(witness), 2);
}

// Whoever has the signing key too can write another past: the witness remembers the first one.
TEST_F(AuditProofTest, AForkIsSeenByTheWitness) {
    coordinator_.ask("DELETE FROM pgmind_audit.leaves; DELETE FROM pgmind_audit.checkpoints");
    AuditSeal same_key(signing_key('s'));
    write_log(same_key, "another past");
    EXPECT_EQ(verify({}), 0);
    EXPECT_EQ(verify(witness_), 5);
}

TEST_F(AuditProofTest, AKeyOfAnotherIsNotTrusted) {
    coordinator_.ask("DELETE FROM pgmind_audit.leaves; DELETE FROM pgmind_audit.checkpoints");
    AuditSeal other_key(signing_key('x'));
    write_log(other_key, "ok");
    EXPECT_EQ(verify({}), 4);
}

TEST_F(AuditProofTest, AWitnessThatLiesIsItselfFound) {
    std::string& line = witness_.back();
    line.replace(line.find("\"size\":30"), 9, "\"size\":31");
    EXPECT_EQ(verify(witness_), 4);
}

TEST_F(AuditProofTest, LinesThatAreNoExportAreAnError) {
    AuditVerifier verifier({public_key('s')});
    EXPECT_FALSE(verifier.add("not JSON"));
    EXPECT_FALSE(verifier.add("{}"));
    EXPECT_FALSE(verifier.add(R"({"type":"leaf","log_id":"x"})"));
    EXPECT_FALSE(verifier.add(R"({"type":"checkpoint","log_id":"x","size":0,"signed_at_us":1})"));
    EXPECT_FALSE(verifier.add_witnessed(R"({"type":"leaf"})"));
}

}  // namespace
}  // namespace pgmind::security
