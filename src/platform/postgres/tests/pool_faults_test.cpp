#include <functional>

#include "platform/postgres/tests/pool_fixture.hpp"

namespace pgmind::postgres::testing {
namespace {

constexpr Statement kEcho{"test_echo", "SELECT $1::bigint", Effect::read};

// These tests kill their server, so it is not the one that all tests share.
TemporaryPostgres& own_server() {
    static TemporaryPostgres server;
    return server;
}

class PoolFaultsTest : public PoolFixture {
  protected:
    PoolFaultsTest() : PoolFixture(own_server()) {}
    void TearDown() override {
        if (!server_.running()) {
            server_.restart();
        }
    }
    std::int64_t backend_of(Pool& pool) {
        return query(pool, "SELECT pg_backend_pid()", Effect::read).value().int64(0, 0);
    }
    void terminate(std::int64_t backend) {
        server_.ask("postgres",
                    "SELECT pg_terminate_backend(" + std::to_string(backend) + ", 5000)");
    }
};

using Condition = std::function<bool()>;
using Action = std::function<void()>;

// Runs an action of the test beside the statements, once the condition holds.
Task<Answer> once(Condition condition, Action action) {
    const Deadline limit = soon();
    while (!condition() && !limit.passed()) {
        co_await async::wait_for(std::chrono::milliseconds(5));
    }
    action();
    co_return Rows();
}

TEST_F(PoolFaultsTest, AfterACrashReadsAreRetriedAndWritesAreUnknown) {
    ask("CREATE TABLE t (n int); CREATE TABLE nap AS SELECT 60 AS seconds");
    const auto pool = make_pool(1);  // One each, so that none waits behind another.
    const auto second = make_pool(1);
    const auto third = make_pool(1);
    const std::string sleep = " FROM pg_sleep((SELECT seconds FROM nap))";
    std::vector<Task<Answer>> tasks;
    tasks.push_back(pool->query("SELECT 7" + sleep, Effect::read, {}, soon()));
    tasks.push_back(second->query("INSERT INTO t SELECT 1" + sleep, Effect::write, {}, soon()));
    tasks.push_back(
        third->query("INSERT INTO t SELECT 2" + sleep, Effect::idempotent_write, {}, soon()));
    tasks.push_back(once([this] { return running("pg_sleep") == "3"; },
                         [this] {
                             ask("UPDATE nap SET seconds = 0");  // For those who come again.
                             server_.kill();
                             server_.restart();
                         }));
    const auto answers = all(std::move(tasks));
    ASSERT_TRUE(answers[0]) << answers[0].error().detail;
    EXPECT_EQ(answers[0]->int64(0, 0), 7);
    ASSERT_FALSE(answers[1]);
    EXPECT_EQ(answers[1].error().code, Errc::outcome_unknown);
    EXPECT_EQ(answers[1].error().detail,
              "the connection to PostgreSQL was lost before the write was confirmed");
    ASSERT_TRUE(answers[2]) << answers[2].error().detail;
    EXPECT_EQ(ask("SELECT string_agg(n::text, ',') FROM t"), "2");
    EXPECT_GT(pool->statistics().reconnects, 0u);
}

TEST_F(PoolFaultsTest, ADeadServerFailsRequestsCleanlyAndThenAtOnce) {
    PoolLimits limits;
    limits.outage_wait_max = std::chrono::milliseconds(300);
    limits.backoff_max = std::chrono::milliseconds(200);
    const auto pool = make_pool(limits);
    ASSERT_TRUE(query(*pool, "SELECT 1", Effect::read));
    server_.kill();
    const auto begin = std::chrono::steady_clock::now();
    const auto first = query(*pool, "SELECT 1", Effect::read);
    ASSERT_FALSE(first);
    EXPECT_EQ(first.error().code, Errc::connect_failed) << first.error().detail;
    EXPECT_TRUE(first.error().is(Failure::unavailable));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
    const auto session = run(loop_, pool->session(soon()));
    ASSERT_FALSE(session);
    EXPECT_EQ(session.error().code, Errc::connect_failed);
    server_.restart();
    EXPECT_TRUE(eventually([&] { return query(*pool, "SELECT 1", Effect::read).has_value(); }));
}

TEST_F(PoolFaultsTest, AShortOutageIsWaitedOut) {
    PoolLimits limits;
    limits.outage_wait_max = std::chrono::seconds(30);  // However slow the machine may be.
    const auto pool = make_pool(limits);
    ASSERT_TRUE(query(*pool, "SELECT 1", Effect::read));
    server_.kill();
    std::vector<Task<Answer>> tasks;
    for (int i = 0; i < 10; ++i) {
        tasks.push_back(pool->execute(kEcho, number(i), soon()));
    }
    tasks.push_back(
        once([&] { return pool->statistics().connections == 0; }, [this] { server_.restart(); }));
    for (const Answer& answer : all(std::move(tasks))) {
        EXPECT_TRUE(answer) << answer.error().detail;
    }
}

TEST_F(PoolFaultsTest, AnIdleConnectionThatBrokeIsReplacedUnnoticed) {
    const auto pool = make_pool(1);
    const std::int64_t first = backend_of(*pool);
    terminate(first);
    EXPECT_NE(backend_of(*pool), first);
    EXPECT_EQ(pool->statistics().failures, 0u);
    EXPECT_EQ(pool->statistics().reconnects, 1u);
}

// The server says so when it ends a session in order: the write that it ran is undone, and those
// that waited behind it never began, so they are safe to send again.
TEST_F(PoolFaultsTest, WhatATerminatedSessionHadNotBegunIsSentAgain) {
    ask("CREATE TABLE t (n int)");
    const auto pool = make_pool(1);
    const std::int64_t backend = backend_of(*pool);
    std::vector<Task<Answer>> tasks;
    tasks.push_back(
        pool->query("INSERT INTO t SELECT 0 FROM pg_sleep(60)", Effect::write, {}, soon()));
    for (int i = 1; i <= 5; ++i) {
        tasks.push_back(pool->query("INSERT INTO t VALUES (" + std::to_string(i) + ")",
                                    Effect::write, {}, soon()));
    }
    tasks.push_back(
        once([this] { return running("pg_sleep") == "1"; }, [&] { terminate(backend); }));
    const auto answers = all(std::move(tasks));
    ASSERT_FALSE(answers[0]);
    EXPECT_EQ(answers[0].error().reason, "57P01");
    EXPECT_TRUE(answers[0].error().is(Failure::unavailable));
    for (int i = 1; i <= 5; ++i) {
        EXPECT_TRUE(answers[i]) << answers[i].error().detail;
    }
    EXPECT_EQ(ask("SELECT string_agg(n::text, ',' ORDER BY n) FROM t"), "1,2,3,4,5");
}

TEST_F(PoolFaultsTest, AStandbyThatRefusesAWriteIsNotAskedAgainOverThisConnection) {
    const auto pool = make_pool(1);
    const std::int64_t first = backend_of(*pool);
    const auto refused = query(*pool, "DO $$BEGIN RAISE SQLSTATE '25006'; END$$", Effect::write);
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().is(Failure::unavailable));
    EXPECT_NE(backend_of(*pool), first);
}

TEST_F(PoolFaultsTest, ASessionWhoseServerDiesFailsFromThenOn) {
    ask("CREATE TABLE t (n int)");
    const auto pool = make_pool(2);
    {
        Session session = lease(*pool);
        ASSERT_TRUE(query(session, "BEGIN"));
        ASSERT_TRUE(query(session, "INSERT INTO t VALUES (1)"));
        server_.kill();
        const auto lost = query(session, "INSERT INTO t VALUES (2)");
        ASSERT_FALSE(lost);
        EXPECT_FALSE(query(session, "COMMIT"));
        EXPECT_FALSE(session.in_transaction());
        server_.restart();
        EXPECT_FALSE(query(session, "SELECT 1"));
    }
    Session session = lease(*pool);
    EXPECT_EQ(query(session, "SELECT count(*) FROM t")->int64(0, 0), 0);
}

TEST_F(PoolFaultsTest, ACopyWhoseServerDiesFails) {
    ask("CREATE TABLE t (n int)");
    const auto pool = make_pool(2);
    {
        Session session = lease(*pool);
        ASSERT_TRUE(run(loop_, session.copy_in_begin("COPY t FROM STDIN", soon())));
        ASSERT_TRUE(run(loop_, session.copy_in_write("1\n", soon())));
        server_.kill();
        const std::string data(1'000'000, '\n');
        for (int i = 0; i < 5; ++i) {
            run(loop_, session.copy_in_write(data, soon()));
        }
        EXPECT_FALSE(run(loop_, session.copy_in_finish(soon())));
        server_.restart();
    }
    EXPECT_EQ(query(*pool, "SELECT count(*) FROM t", Effect::read)->int64(0, 0), 0);
}

TEST_F(PoolFaultsTest, AFrozenServerHoldsNobodyBeyondTheDeadline) {
    ask("CREATE TABLE t (n int)");
    const auto pool = make_pool(2);
    ASSERT_TRUE(query(*pool, "SELECT 1", Effect::read));
    server_.freeze();
    const auto begin = std::chrono::steady_clock::now();
    std::vector<Task<Answer>> tasks;
    for (int i = 0; i < 10; ++i) {
        tasks.push_back(pool->execute(kEcho, number(i), in_ms(500)));
    }
    tasks.push_back(pool->query("INSERT INTO t VALUES (1)", Effect::write, {}, in_ms(500)));
    const auto answers = all(std::move(tasks));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
    for (int i = 0; i < 10; ++i) {
        ASSERT_FALSE(answers[i]);
        EXPECT_EQ(answers[i].error().code, Errc::deadline_exceeded) << answers[i].error().detail;
    }
    ASSERT_FALSE(answers[10]);
    EXPECT_TRUE(answers[10].error().is(Failure::outcome_unknown) ||
                answers[10].error().is(Failure::deadline_exceeded));
    server_.thaw();
    EXPECT_TRUE(query(*pool, "SELECT 1", Effect::read));
    EXPECT_TRUE(eventually([&] { return pool->statistics().busy == 0; }));
}

TEST_F(PoolFaultsTest, ConnectingToAFrozenServerEndsByTheDeadline) {
    server_.freeze();
    const auto begin = std::chrono::steady_clock::now();
    const auto session = run(loop_, Session::connect(server_.tcp_options(database_), in_ms(500)));
    ASSERT_FALSE(session);
    EXPECT_EQ(session.error().code, Errc::connect_failed);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
    server_.thaw();
}

// Acknowledged writes are there after crashes, whatever else happened to the others.
Task<Answer> write_until(Pool& pool, bool& stop, std::vector<std::int64_t>& acknowledged,
                         std::int64_t from) {
    std::int64_t n = from;
    while (!stop) {
        ++n;
        const std::string sql = "INSERT INTO t VALUES (" + std::to_string(n) + ")";
        Answer answer = co_await pool.query(sql, Effect::write, {}, soon());
        if (answer) {
            acknowledged.push_back(n);
        } else if (!answer.error().is(Failure::outcome_unknown) &&
                   !answer.error().is(Failure::unavailable)) {
            co_return answer;
        }
    }
    co_return Rows();
}

Task<Answer> crash_often(TemporaryPostgres& server, bool& stop,
                         const std::vector<std::int64_t>& acknowledged) {
    const Deadline limit = soon();
    for (std::size_t enough = 100; enough <= 500 && !limit.passed(); enough += 100) {
        while (acknowledged.size() < enough && !limit.passed()) {
            co_await async::wait_for(std::chrono::milliseconds(1));
        }
        server.kill();
        server.restart();
    }
    stop = true;
    co_return Rows();
}

TEST_F(PoolFaultsTest, AcknowledgedWritesSurviveCrashesAndNoneIsDoneTwice) {
    ask("CREATE TABLE t (n bigint)");
    const auto pool = make_pool(3);
    std::vector<std::int64_t> acknowledged;
    bool stop = false;
    std::vector<Task<Answer>> tasks;
    for (int i = 0; i < 10; ++i) {
        tasks.push_back(write_until(*pool, stop, acknowledged, i * 1'000'000));
    }
    tasks.push_back(crash_often(server_, stop, acknowledged));
    for (const Answer& answer : all(std::move(tasks))) {
        EXPECT_TRUE(answer) << answer.error().detail;
    }
    ASSERT_GE(acknowledged.size(), 500u);
    Parameters parameters;
    parameters.add_array(acknowledged);
    const auto missing =
        run(loop_, pool->query("SELECT count(*) FROM unnest($1::bigint[]) a WHERE a NOT IN "
                               "(SELECT n FROM t)",
                               Effect::read, std::move(parameters), soon()));
    ASSERT_TRUE(missing) << missing.error().detail;
    EXPECT_EQ(missing->int64(0, 0), 0);
    EXPECT_EQ(ask("SELECT count(*) - count(DISTINCT n) FROM t"), "0");
}

}  // namespace
}  // namespace pgmind::postgres::testing
