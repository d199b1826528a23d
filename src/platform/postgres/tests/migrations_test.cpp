#include "platform/postgres/migrations.hpp"

#include <gtest/gtest.h>

#include "async/when_all.hpp"
#include "platform/postgres/errors.hpp"
#include "platform/postgres/testing/temporary_postgres.hpp"

namespace pgmind::postgres {
namespace {

using testing::run;
using testing::TemporaryPostgres;

Deadline soon() {
    return Deadline::after(std::chrono::seconds(60));
}

class MigrationsTest : public ::testing::Test {
  protected:
    void SetUp() override { database_ = server_.create_database("migrations"); }

    Session connect() {
        Result<Session> session = run(loop_, Session::connect(server_.options(database_), soon()));
        if (!session) {
            throw std::runtime_error(session.error().detail);
        }
        return std::move(*session);
    }

    Result<int> apply(std::vector<Migration> migrations) {
        Session session = connect();
        return run(loop_, apply_migrations(session, std::move(migrations), soon()));
    }

    std::string ask(const std::string& sql) { return server_.ask(database_, sql); }

    TemporaryPostgres& server_ = TemporaryPostgres::instance();
    boost::asio::io_context loop_{1};
    std::string database_;
};

const Migration kFirst{100, "first", "CREATE TABLE pgmind.one (n int); SELECT 1;"};
const Migration kSecond{200, "second", "INSERT INTO pgmind.one VALUES (1), (2);"};

TEST_F(MigrationsTest, AreAppliedInOrderAndOnce) {
    EXPECT_EQ(apply({kSecond, kFirst}), 2);
    EXPECT_EQ(apply({kFirst, kSecond}), 0);
    EXPECT_EQ(ask("SELECT count(*) FROM pgmind.one"), "2");
    EXPECT_EQ(ask("SELECT string_agg(number || name, ',' ORDER BY number) "
                  "FROM pgmind.schema_migrations WHERE length(sha256) = 64"),
              "100first,200second");
}

TEST_F(MigrationsTest, AFailedStepLeavesNothingAndIsResumed) {
    const Migration broken{200, "second", "INSERT INTO pgmind.one VALUES (1); SELECT 1/0;"};
    const auto failed = apply({kFirst, broken});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().reason, "22012");
    EXPECT_NE(failed.error().detail.find("200 (second)"), std::string::npos);
    EXPECT_EQ(ask("SELECT count(*) FROM pgmind.one"), "0");
    EXPECT_EQ(apply({kFirst, kSecond}), 1);
    EXPECT_EQ(ask("SELECT count(*) FROM pgmind.one"), "2");
}

TEST_F(MigrationsTest, AChangedStepIsRefusedBeforeAnythingHappens) {
    ASSERT_EQ(apply({kFirst}), 1);
    Migration changed = kFirst;
    changed.sql = "CREATE TABLE pgmind.one (n bigint)";
    const auto refused = apply({changed, kSecond});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::migration_refused);
    EXPECT_NE(refused.error().detail.find("checksum"), std::string::npos);
    EXPECT_EQ(ask("SELECT count(*) FROM pgmind.one"), "0");
}

TEST_F(MigrationsTest, ANewerDatabaseIsRefused) {
    ASSERT_EQ(apply({kFirst, kSecond}), 2);
    const auto refused = apply({kFirst});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::migration_refused);
    EXPECT_NE(refused.error().detail.find("newer"), std::string::npos);
}

TEST_F(MigrationsTest, AStepOfALowerNumberThatCameLaterIsStillApplied) {
    ASSERT_EQ(apply({kFirst, kSecond}), 2);
    const Migration between{150, "between", "CREATE TABLE pgmind.between (n int)"};
    EXPECT_EQ(apply({kFirst, between, kSecond}), 1);
}

TEST_F(MigrationsTest, AStepThatCommitsByItselfIsRefused) {
    const Migration commits{300, "commits", "CREATE TABLE pgmind.three (n int); COMMIT;"};
    const auto refused = apply({commits});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::migration_refused);
}

Task<Result<int>> apply_with(Session& session, std::vector<Migration> migrations) {
    Result<int> applied = co_await apply_migrations(session, std::move(migrations), soon());
    co_return applied;
}

TEST_F(MigrationsTest, TwoProgramsAtOnceApplyEachStepOnce) {
    Session one = connect();
    Session two = connect();
    std::vector<Task<Result<int>>> tasks;
    tasks.push_back(apply_with(one, {kFirst, kSecond}));
    tasks.push_back(apply_with(two, {kFirst, kSecond}));
    const auto applied = run(loop_, async::when_all(std::move(tasks)));
    ASSERT_TRUE(applied[0]) << applied[0].error().detail;
    ASSERT_TRUE(applied[1]) << applied[1].error().detail;
    EXPECT_EQ(*applied[0] + *applied[1], 2);
}

TEST_F(MigrationsTest, WaitingForAnotherProgramEndsByTheDeadline) {
    Session holder = connect();
    ASSERT_TRUE(run(loop_, holder.query("SELECT pg_advisory_lock(123589519568484)", {}, soon())));
    Session waiter = connect();
    const Deadline short_one = Deadline::after(std::chrono::milliseconds(3000));
    const auto refused = run(loop_, apply_migrations(waiter, {kFirst}, short_one));
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().is(Failure::unavailable)) << refused.error().detail;
}

TEST(MigrationsFrom, ReadsNumberAndNameInOrder) {
    const std::vector<EmbeddedFile> files = {{"0200_b_c.sql", "B"}, {"0100_a.sql", "A"}};
    const auto migrations = migrations_from(files);
    ASSERT_EQ(migrations.size(), 2u);
    EXPECT_EQ(migrations[0].number, 100);
    EXPECT_EQ(migrations[0].name, "a");
    EXPECT_EQ(migrations[1].name, "b_c");
    EXPECT_EQ(migrations[1].sql, "B");
}

TEST(MigrationsFrom, BadNamesAndDoubleNumbersAreBugs) {
    for (const char* name : {"a.sql", "100.sql", "100_.sql", "100_a.txt", "_a.sql", ""}) {
        const std::vector<EmbeddedFile> files = {{name, ""}};
        EXPECT_THROW(migrations_from(files), std::logic_error) << name;
    }
    const std::vector<EmbeddedFile> doubled = {{"0100_a.sql", ""}, {"100_b.sql", ""}};
    EXPECT_THROW(migrations_from(doubled), std::logic_error);
}

}  // namespace
}  // namespace pgmind::postgres
