// The contracts of DirectoryStore and AuditStore on a real PostgreSQL.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "security/adapters/postgres_audit_store.hpp"
#include "security/adapters/postgres_directory_store.hpp"
#include "security/api/errors.hpp"
#include "security/tests/adapters/coordinator.hpp"

namespace pgmind::security {
namespace {

using postgres::testing::run;
using postgres::testing::TemporaryPostgres;
using testing::Coordinator;
using testing::soon;

class StoresTest : public ::testing::Test {
  protected:
    void TearDown() override { run(loop_, pool_.close(soon())); }

    DirectoryContents load() {
        auto contents = run(loop_, directory_->load(soon()));
        EXPECT_TRUE(contents) << contents.error().detail;
        return contents.value_or(DirectoryContents{});
    }
    Result<bool> store(std::vector<Change> changes, const DirectoryRevision& expected) {
        std::vector<AuditRecord> records;
        for (const Change& change : changes) {
            AuditRecord record;
            record.action = describe(change).action;
            record.decision = "allow";
            records.push_back(record);
        }
        return run(loop_, directory_->store(changes, records, expected, soon()));
    }
    Result<bool> store(Change change) {
        return store(std::vector<Change>{std::move(change)}, load().revision);
    }

    boost::asio::io_context loop_{1};
    Coordinator coordinator_{TemporaryPostgres::instance()};
    postgres::Pool pool_{loop_, coordinator_.gateway(), {}, nullptr};
    std::unique_ptr<DirectoryStore> directory_ = make_postgres_directory_store(pool_);
    AuditSeal seal_{crypto::SigningKey::from_seed(std::string(32, 's')).value()};
    std::unique_ptr<AuditStore> audit_ = make_postgres_audit_store(pool_, pool_, seal_);
    const WallTime now_ = WallTime(std::chrono::microseconds(1'700'000'000'123'456));
};

TEST_F(StoresTest, ADirectoryComesBackAsItWasStored) {
    const PrincipalDetails wanted{
        PrincipalId(new_uuid()),
        "ann",
        PrincipalKind::ai_agent,
        false,
        {{Role::mcp_user, "agent-*", false}, {Role::admin, "quote'd \"{,}\\ Ä NULL", true}},
        now_};
    PrincipalDetails ann = wanted;
    ann.grants.push_back({Role::app_user,
                          "b",
                          false,
                          {Action::read, Action::remove},
                          {ResourceType::memory},
                          now_ + std::chrono::hours(1),
                          50,
                          4});
    StoredApiKey key{ApiKeyDetails{"0123456789abcdef", ann.id, "my {label}", now_,
                                   now_ + std::chrono::hours(1), std::nullopt},
                     {}};
    for (std::size_t i = 0; i < key.digest.size(); ++i) {
        key.digest[i] = static_cast<std::uint8_t>(i * 7);
    }
    const auto stored = store({PrincipalCreated{ann}, ApiKeyIssued{key, "ann"}}, load().revision);
    ASSERT_TRUE(stored) << stored.error().detail;
    EXPECT_TRUE(*stored);
    DirectoryContents contents = load();
    ASSERT_EQ(contents.principals.size(), 1u);
    const PrincipalDetails& read = contents.principals[0];
    EXPECT_EQ(read.id, ann.id);
    EXPECT_EQ(read.name, "ann");
    EXPECT_EQ(read.kind, PrincipalKind::ai_agent);
    EXPECT_FALSE(read.disabled);
    EXPECT_EQ(read.created_at, now_);
    EXPECT_EQ(read.grants, ann.grants);
    ASSERT_EQ(contents.keys.size(), 1u);
    EXPECT_EQ(contents.keys[0].digest, key.digest);
    EXPECT_EQ(contents.keys[0].details.label, "my {label}");
    EXPECT_EQ(contents.keys[0].details.created_at, now_);
    EXPECT_EQ(contents.keys[0].details.expires_at, now_ + std::chrono::hours(1));
    EXPECT_EQ(contents.keys[0].details.revoked_at, std::nullopt);

    EXPECT_TRUE(store(GrantsReplaced{ann.id, "ann", {{Role::readonly, "b", false}}}));
    EXPECT_TRUE(store(ApiKeyRevoked{"0123456789abcdef", "ann", now_}));
    EXPECT_TRUE(store(PrincipalDisabled{ann.id, "ann"}));
    contents = load();
    EXPECT_EQ(describe(contents.principals[0].grants), "readonly on b");
    EXPECT_TRUE(contents.principals[0].disabled);
    EXPECT_EQ(contents.keys[0].details.revoked_at, now_);
    EXPECT_EQ(coordinator_.ask("SELECT string_agg(action, ' ' ORDER BY sequence)"
                               " FROM pgmind_audit.records"),
              "principal.create key.create principal.grants key.revoke principal.disable");
}

TEST_F(StoresTest, AnOlderRevisionIsRefusedAndNothingIsDone) {
    const DirectoryRevision first = load().revision;
    const auto principal = [&](const char* name) {
        return PrincipalCreated{
            {PrincipalId(new_uuid()), name, PrincipalKind::user, false, {}, now_}};
    };
    EXPECT_EQ(store({principal("ann")}, first).value(), true);
    EXPECT_EQ(store({principal("bob")}, first).value(), false);
    DirectoryRevision other = load().revision;
    EXPECT_NE(other, first);
    other.token = first.token;
    EXPECT_EQ(store({principal("bob")}, other).value(), false) << "the token counts";
    EXPECT_EQ(load().principals.size(), 1u);
    EXPECT_EQ(coordinator_.ask("SELECT count(*) FROM pgmind_audit.records"), "1");
    EXPECT_EQ(run(loop_, directory_->revision(soon())).value(), load().revision);
}

TEST_F(StoresTest, AChangeThatFailsLeavesNoRecordOfIt) {
    const PrincipalDetails ann{
        PrincipalId(new_uuid()), "ann", PrincipalKind::user, false, {}, now_};
    PrincipalDetails twin = ann;
    twin.name = "twin";  // The same id: the database refuses it.
    const auto failed = store({PrincipalCreated{ann}, PrincipalCreated{twin}}, load().revision);
    ASSERT_FALSE(failed);
    EXPECT_TRUE(failed.error().is(Failure::already_exists));
    EXPECT_TRUE(load().principals.empty());
    EXPECT_EQ(coordinator_.ask("SELECT count(*) FROM pgmind_audit.records"), "0");
}

AuditRecord record(int number) {
    AuditRecord made;
    made.occurred_at = WallTime(std::chrono::microseconds(1'700'000'000'000'000 + number));
    made.request_id = "request-" + std::to_string(number % 10);
    made.principal_id = "id";
    made.principal_name = number % 2 == 0 ? "even" : "odd";
    made.action = "read";
    made.resource_type = "memory";
    made.resource = "{\"a\\b', NULL} Ä " + std::to_string(number);
    made.decision = number % 5 == 0 ? "deny" : "allow";
    made.outcome = "ok";
    made.reason = "";
    made.protocol = "rest";
    made.remote_address = "::1";
    return made;
}

TEST_F(StoresTest, ABatchIsWrittenOnceHoweverOftenItIsSent) {
    AuditBatch batch{new_uuid(), 1, {}};
    for (int i = 0; i < 2'000; ++i) {
        batch.records.push_back(record(i));
    }
    for (int i = 0; i < 3; ++i) {
        const auto appended = run(loop_, audit_->append(batch, soon()));
        ASSERT_TRUE(appended) << appended.error().detail;
    }
    // A batch that overlaps one that was written before.
    AuditBatch next{batch.writer, 1'999, {record(1'998), record(1'999), record(2'000)}};
    ASSERT_TRUE(run(loop_, audit_->append(next, soon())));
    EXPECT_EQ(coordinator_.ask("SELECT count(*) || ' ' || max(writer_sequence) || ' ' ||"
                               " count(DISTINCT writer_sequence) FROM pgmind_audit.records"),
              "2001 2001 2001");
    // Another process counts for itself.
    ASSERT_TRUE(run(loop_, audit_->append({new_uuid(), 1, {record(1)}}, soon())));
    EXPECT_EQ(coordinator_.ask("SELECT count(*) FROM pgmind_audit.records"), "2002");
    EXPECT_EQ(coordinator_.ask("SELECT bool_and(sequence > before) FROM (SELECT sequence,"
                               " lag(sequence, 1, 0::bigint) OVER (ORDER BY writer_sequence) before"
                               " FROM pgmind_audit.records WHERE writer = '" +
                               batch.writer + "') s"),
              "t");
}

TEST_F(StoresTest, QueriesFilterAndPageFromTheNewest) {
    AuditBatch batch{new_uuid(), 1, {}};
    for (int i = 0; i < 100; ++i) {
        batch.records.push_back(record(i));
    }
    ASSERT_TRUE(run(loop_, audit_->append(batch, soon())));
    const auto ask = [&](auto narrow) {
        AuditQuery query;
        query.limit = 1'000;
        narrow(query);
        auto records = run(loop_, audit_->query(query, soon()));
        EXPECT_TRUE(records) << records.error().detail;
        return records.value_or(std::vector<AuditRecord>());
    };
    const auto all = ask([](AuditQuery&) {});
    ASSERT_EQ(all.size(), 100u);
    EXPECT_EQ(all[0].resource, record(99).resource);
    EXPECT_EQ(all[0].occurred_at, record(99).occurred_at);
    EXPECT_EQ(all[0].remote_address, "::1");
    EXPECT_GT(all[0].sequence, all[1].sequence);
    EXPECT_EQ(ask([](AuditQuery& query) { query.principal_name = "odd"; }).size(), 50u);
    EXPECT_EQ(ask([](AuditQuery& query) { query.decision = "deny"; }).size(), 20u);
    EXPECT_EQ(ask([](AuditQuery& query) { query.request_id = "request-3"; }).size(), 10u);
    EXPECT_EQ(ask([](AuditQuery& query) { query.resource = record(7).resource; }).size(), 1u);
    EXPECT_EQ(ask([](AuditQuery& query) { query.resource = "' OR true --"; }).size(), 0u);
    EXPECT_EQ(ask([](AuditQuery& query) {
                  query.principal_name = "even";
                  query.decision = "deny";
                  query.limit = 3;
              }).size(),
              3u);
    std::size_t paged = 0;
    std::int64_t before = 0;
    while (true) {
        const auto page = ask([&](AuditQuery& query) {
            query.limit = 7;
            query.before_sequence = before;
        });
        if (page.empty()) {
            break;
        }
        paged += page.size();
        before = page.back().sequence;
    }
    EXPECT_EQ(paged, 100u);
}

// A standby may not know of a revocation yet, so it is never asked for permissions.
TEST(DirectoryStoreOnAStandby, RefusesToAnswer) {
    TemporaryPostgres server;
    const Coordinator coordinator(server);
    const std::filesystem::path data(server.ask(coordinator.database(), "SHOW data_directory"));
    server.stop();
    const auto signal = data / "standby.signal";
    std::ofstream(signal).close();
    std::filesystem::permissions(signal, std::filesystem::perms::all);
    server.restart();
    ASSERT_EQ(coordinator.ask("SELECT pg_is_in_recovery()"), "t");
    boost::asio::io_context loop;
    postgres::Pool pool(loop, coordinator.gateway(), {}, nullptr);
    const auto store = make_postgres_directory_store(pool);
    EXPECT_EQ(run(loop, store->revision(soon())).error().code,
              make_error_code(Errc::not_the_primary));
    EXPECT_EQ(run(loop, store->load(soon())).error().code, make_error_code(Errc::not_the_primary));
    run(loop, pool.close(soon()));
}

}  // namespace
}  // namespace pgmind::security
