#include "platform/postgres/tests/pool_fixture.hpp"

namespace pgmind::postgres::testing {
namespace {

constexpr Statement kEcho{"test_echo", "SELECT $1::bigint", Effect::read};

class PoolSessionTest : public PoolFixture {
  protected:
    PoolSessionTest() : PoolFixture(TemporaryPostgres::instance()) {}

    std::int64_t backend_of(Session& session) {
        return query(session, "SELECT pg_backend_pid()").value().int64(0, 0);
    }
};

TEST_F(PoolSessionTest, AConnectionIsGivenBackAndUsedAgain) {
    const auto pool = make_pool(1);
    std::int64_t first = 0;
    {
        Session session = lease(*pool);
        first = backend_of(session);
        ASSERT_TRUE(query(session, "BEGIN"));
        ASSERT_TRUE(query(session, "CREATE TABLE t (n int)"));
        ASSERT_TRUE(query(session, "COMMIT"));
    }
    ASSERT_TRUE(run(loop_, pool->execute(kEcho, number(1), soon())));
    Session session = lease(*pool);
    EXPECT_EQ(backend_of(session), first);
}

TEST_F(PoolSessionTest, ATransactionLeftOpenIsRolledBackAndItsConnectionClosed) {
    ask("CREATE TABLE t (n int)");
    const auto pool = make_pool(1);
    std::int64_t first = 0;
    {
        Session session = lease(*pool);
        first = backend_of(session);
        ASSERT_TRUE(query(session, "BEGIN"));
        ASSERT_TRUE(query(session, "INSERT INTO t VALUES (1)"));
    }
    Session session = lease(*pool);
    EXPECT_NE(backend_of(session), first);
    EXPECT_EQ(ask("SELECT count(*) FROM t"), "0");
}

TEST_F(PoolSessionTest, WhatASessionSetIsUndone) {
    const auto pool = make_pool(1);
    {
        Session session = lease(*pool);
        ASSERT_TRUE(query(session, "SET search_path = 'elsewhere'"));
        ASSERT_TRUE(query(session, "SELECT pg_advisory_lock(7)"));
        ASSERT_TRUE(run(loop_, session.execute(kEcho, number(1), soon())));
    }
    EXPECT_NE(query(*pool, "SHOW search_path", Effect::read)->text(0, 0), "elsewhere");
    EXPECT_EQ(ask("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), "0");
    EXPECT_TRUE(run(loop_, pool->execute(kEcho, number(1), soon())));
    EXPECT_EQ(pool->statistics().connections, 1u);
}

TEST_F(PoolSessionTest, AStandbyThatRefusesAWriteIsNotLeasedAgain) {
    const auto pool = make_pool(1);
    std::int64_t first = 0;
    {
        Session session = lease(*pool);
        first = backend_of(session);
        EXPECT_FALSE(query(session, "DO $$BEGIN RAISE SQLSTATE '25006'; END$$"));
    }
    Session session = lease(*pool);
    EXPECT_NE(backend_of(session), first);
}

TEST_F(PoolSessionTest, PreparedStatementsSurviveChangesOfTheirTables) {
    constexpr Statement select{"test_select_all", "SELECT * FROM t", Effect::read};
    ask("CREATE TABLE t (n int); INSERT INTO t VALUES (1)");
    const auto pool = make_pool(1);
    Session session = lease(*pool);
    ASSERT_TRUE(run(loop_, session.execute(select, {}, soon())));
    ask("ALTER TABLE t ADD COLUMN m int");
    const auto again = run(loop_, session.execute(select, {}, soon()));
    ASSERT_TRUE(again) << again.error().detail;
    EXPECT_EQ(again->columns(), 2u);
    // Inside a transaction the failure has doomed it: only the caller can begin again.
    ASSERT_TRUE(run(loop_, session.execute(select, {}, soon())));
    ask("ALTER TABLE t ADD COLUMN o int");
    ASSERT_TRUE(query(session, "BEGIN"));
    EXPECT_FALSE(run(loop_, session.execute(select, {}, soon())));
    ASSERT_TRUE(query(session, "ROLLBACK"));
    ASSERT_TRUE(query(session, "BEGIN"));
    EXPECT_TRUE(run(loop_, session.execute(select, {}, soon())));
    ASSERT_TRUE(query(session, "COMMIT"));
}

TEST_F(PoolSessionTest, StatementsGoOnBesideSessions) {
    const auto pool = make_pool(2);
    Session session = lease(*pool);
    ASSERT_TRUE(query(session, "BEGIN"));
    EXPECT_TRUE(query(*pool, "SELECT 1", Effect::read));
    // The second session waits although one connection is idle: that one is for statements.
    EXPECT_FALSE(run(loop_, pool->session(in_ms(50))));
    ASSERT_TRUE(query(session, "COMMIT"));
}

Task<Answer> keep_busy(Pool& pool, bool& stop) {
    Answer answer{Rows()};
    while (!stop && answer) {
        answer = co_await pool.execute(kEcho, number(1), soon());
    }
    co_return answer;
}

Task<Answer> lease_then_stop(Pool& pool, bool& stop) {
    Result<Session> session = co_await pool.session(soon());
    stop = true;
    if (!session) {
        co_return fail(std::move(session.error()));
    }
    Answer answer = co_await session->query("SELECT 2", {}, soon());
    co_return answer;
}

TEST_F(PoolSessionTest, ASessionIsNotStarvedBySteadyStatements) {
    const auto pool = make_pool(2);
    bool stop = false;
    std::vector<Task<Answer>> tasks;
    for (int i = 0; i < 20; ++i) {
        tasks.push_back(keep_busy(*pool, stop));
    }
    tasks.push_back(lease_then_stop(*pool, stop));
    for (const Answer& answer : all(std::move(tasks))) {
        EXPECT_TRUE(answer) << answer.error().detail;
    }
}

Task<Answer> transfer(Pool& pool, int rounds) {
    for (int i = 0; i < rounds; ++i) {
        Result<Session> session = co_await pool.session(soon());
        if (!session) {
            co_return fail(std::move(session.error()));
        }
        for (const char* sql : {"BEGIN", "UPDATE t SET n = n + 1", "COMMIT"}) {
            Answer answer = co_await session->query(sql, {}, soon());
            if (!answer) {
                co_return answer;
            }
        }
    }
    co_return Rows();
}

TEST_F(PoolSessionTest, ManySessionsTakeTurns) {
    ask("CREATE TABLE t AS SELECT 0 AS n");
    const auto pool = make_pool(3);
    std::vector<Task<Answer>> tasks;
    for (int i = 0; i < 20; ++i) {
        tasks.push_back(transfer(*pool, 5));
    }
    for (const Answer& answer : all(std::move(tasks))) {
        EXPECT_TRUE(answer) << answer.error().detail;
    }
    EXPECT_EQ(ask("SELECT n FROM t"), "100");
    EXPECT_EQ(pool->statistics().reconnects, 0u);
}

TEST_F(PoolSessionTest, AScriptCanFollowPipelinedReadsAtOnce) {
    const auto pool = make_pool(1);
    for (int i = 0; i < 20; ++i) {
        std::vector<Task<Answer>> tasks;
        for (int j = 0; j < 5; ++j) {
            tasks.push_back(pool->execute(kEcho, number(j), soon()));
        }
        all(std::move(tasks));
        Session session = lease(*pool);
        const auto done = run(loop_, session.script("SELECT 1; SELECT 2", soon()));
        ASSERT_TRUE(done) << done.error().detail;
    }
}

TEST_F(PoolSessionTest, ASessionMayOutliveItsPool) {
    auto pool = make_pool(1);
    Session session = lease(*pool);
    pool.reset();
    const auto answer = query(session, "SELECT 1");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Errc::connection_lost);
}

}  // namespace
}  // namespace pgmind::postgres::testing
