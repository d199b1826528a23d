#include "platform/postgres/tests/pool_fixture.hpp"

namespace pgmind::postgres::testing {
namespace {

constexpr Statement kEcho{"test_echo", "SELECT $1::bigint", Effect::read};
constexpr Statement kDivide{"test_divide", "SELECT 100 / $1::int", Effect::read};
constexpr Statement kInsert{"test_insert", "INSERT INTO t VALUES ($1::int)", Effect::write};

class PoolTest : public PoolFixture {
  protected:
    PoolTest() : PoolFixture(TemporaryPostgres::instance()) {}
};

TEST_F(PoolTest, ManyStatementsAtOnceEachGetTheirOwnAnswer) {
    const auto pool = make_pool(8);
    for (int round = 0; round < 3; ++round) {
        std::vector<Task<Answer>> tasks;
        for (int i = 0; i < 1000; ++i) {
            tasks.push_back(pool->execute(kEcho, number(i), soon()));
        }
        const auto answers = all(std::move(tasks));
        for (int i = 0; i < 1000; ++i) {
            ASSERT_TRUE(answers[i]) << answers[i].error().detail;
            ASSERT_EQ(answers[i]->int64(0, 0), i);
        }
    }
    const PoolStatistics statistics = pool->statistics();
    EXPECT_EQ(statistics.statements, 3000u);
    EXPECT_EQ(statistics.failures, 0u);
    EXPECT_EQ(statistics.waiting, 0u);
    EXPECT_EQ(statistics.busy, 0u);
    EXPECT_LE(statistics.connections, 8u);
}

TEST_F(PoolTest, AFailedReadDoesNotDisturbItsNeighbours) {
    const auto pool = make_pool(1);
    for (int round = 0; round < 2; ++round) {
        std::vector<Task<Answer>> tasks;
        for (int i = 0; i < 60; ++i) {
            tasks.push_back(pool->execute(kDivide, number(i % 5), soon()));
        }
        const auto answers = all(std::move(tasks));
        for (int i = 0; i < 60; ++i) {
            ASSERT_EQ(answers[i].has_value(), i % 5 != 0) << i;
            if (answers[i]) {
                EXPECT_EQ(answers[i]->int64(0, 0), 100 / (i % 5));
            } else {
                EXPECT_EQ(answers[i].error().reason, "22012");
            }
        }
    }
    EXPECT_EQ(pool->statistics().connections, 1u);
}

TEST_F(PoolTest, AFailedWriteDoesNotDisturbItsNeighbours) {
    ask("CREATE TABLE t (n int PRIMARY KEY, CHECK (n >= 0))");
    const auto pool = make_pool(1);
    std::vector<Task<Answer>> tasks;
    for (int i = 0; i < 30; ++i) {
        tasks.push_back(pool->execute(kInsert, number(i % 3 == 0 ? -1 : i), soon()));
        tasks.push_back(pool->execute(kDivide, number(i % 2), soon()));
    }
    const auto answers = all(std::move(tasks));
    for (int i = 0; i < 30; ++i) {
        EXPECT_EQ(answers[2 * i].has_value(), i % 3 != 0) << i;
        EXPECT_EQ(answers[2 * i + 1].has_value(), i % 2 != 0) << i;
    }
    EXPECT_EQ(ask("SELECT count(*) FROM t"), "20");
}

TEST_F(PoolTest, AStatementThatCannotBePreparedFailsAloneAndEveryTime) {
    constexpr Statement nonsense{"test_nonsense", "SELECT nothing FROM nowhere", Effect::read};
    const auto pool = make_pool(1);
    for (int round = 0; round < 2; ++round) {
        std::vector<Task<Answer>> tasks;
        for (int i = 0; i < 10; ++i) {
            tasks.push_back(pool->execute(nonsense, {}, soon()));
            tasks.push_back(pool->execute(kEcho, number(i), soon()));
        }
        const auto answers = all(std::move(tasks));
        for (int i = 0; i < 10; ++i) {
            ASSERT_FALSE(answers[2 * i]);
            EXPECT_EQ(answers[2 * i].error().reason, "42P01");
            ASSERT_TRUE(answers[2 * i + 1]) << answers[2 * i + 1].error().detail;
        }
    }
    ask("CREATE TABLE nowhere (nothing int)");
    EXPECT_TRUE(run(loop_, pool->execute(nonsense, {}, soon())));
}

// The server reports the insertion as done before it checks the constraint at commit.
TEST_F(PoolTest, AWriteThatFailsAtItsCommitIsReportedAsFailed) {
    ask("CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE t "
        "(n int REFERENCES p DEFERRABLE INITIALLY DEFERRED)");
    const auto pool = make_pool(1);
    std::vector<Task<Answer>> tasks;
    tasks.push_back(pool->query("INSERT INTO p VALUES (1)", Effect::write, {}, soon()));
    tasks.push_back(pool->execute(kInsert, number(1), soon()));
    tasks.push_back(pool->execute(kInsert, number(2), soon()));
    tasks.push_back(pool->execute(kEcho, number(3), soon()));
    const auto answers = all(std::move(tasks));
    ASSERT_TRUE(answers[1]) << answers[1].error().detail;
    EXPECT_EQ(answers[1]->affected(), 1);
    ASSERT_FALSE(answers[2]);
    EXPECT_EQ(answers[2].error().reason, "23503");
    EXPECT_TRUE(answers[3]);
    EXPECT_EQ(ask("SELECT string_agg(n::text, ',') FROM t"), "1");
}

TEST_F(PoolTest, PreparedStatementsSurviveChangesOfTheirTables) {
    constexpr Statement select{"test_select_all", "SELECT * FROM t", Effect::read};
    ask("CREATE TABLE t (n int); INSERT INTO t VALUES (1)");
    const auto pool = make_pool(1);
    ASSERT_TRUE(run(loop_, pool->execute(select, {}, soon())));
    ask("ALTER TABLE t ADD COLUMN m int DEFAULT 2");
    std::vector<Task<Answer>> tasks;
    for (int i = 0; i < 5; ++i) {
        tasks.push_back(pool->execute(select, {}, soon()));
    }
    for (const Answer& answer : all(std::move(tasks))) {
        ASSERT_TRUE(answer) << answer.error().detail;
        EXPECT_EQ(answer->columns(), 2u);
    }
}

TEST_F(PoolTest, PreparedStatementsThatTheServerForgotArePreparedAgain) {
    const auto pool = make_pool(1);
    ASSERT_TRUE(run(loop_, pool->execute(kEcho, number(1), soon())));
    ASSERT_TRUE(query(*pool, "DEALLOCATE ALL", Effect::write));
    const auto again = run(loop_, pool->execute(kEcho, number(2), soon()));
    ASSERT_TRUE(again) << again.error().detail;
    EXPECT_EQ(again->int64(0, 0), 2);
}

TEST_F(PoolTest, AReadPastItsDeadlineIsCancelledAndItsNeighboursAreNot) {
    const auto pool = make_pool(1);
    ASSERT_TRUE(query(*pool, "SELECT 1", Effect::read));
    std::vector<Task<Answer>> tasks;
    tasks.push_back(pool->query("SELECT pg_sleep(30)", Effect::read, {}, in_ms(100)));
    ask("CREATE TABLE t (n int)");
    for (int i = 0; i < 10; ++i) {
        tasks.push_back(pool->execute(kEcho, number(i), soon()));
        tasks.push_back(pool->execute(kInsert, number(i), soon()));
    }
    const auto begin = std::chrono::steady_clock::now();
    const auto answers = all(std::move(tasks));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(25));
    ASSERT_FALSE(answers[0]);
    EXPECT_EQ(answers[0].error().code, Errc::deadline_exceeded);
    for (std::size_t i = 1; i < answers.size(); ++i) {
        EXPECT_TRUE(answers[i]) << answers[i].error().detail;
    }
    EXPECT_EQ(ask("SELECT count(*) FROM t"), "10");
    EXPECT_EQ(pool->statistics().connections, 1u);
    EXPECT_EQ(pool->statistics().reconnects, 0u);
}

TEST_F(PoolTest, ManyOverdueReadsAreAllGivenUpAndThePoolRecovers) {
    const auto pool = make_pool(2);
    std::vector<Task<Answer>> tasks;
    for (int i = 0; i < 20; ++i) {
        tasks.push_back(pool->query("SELECT pg_sleep(30)", Effect::read, {}, in_ms(100)));
    }
    for (const Answer& answer : all(std::move(tasks))) {
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().code, Errc::deadline_exceeded) << answer.error().detail;
    }
    EXPECT_TRUE(query(*pool, "SELECT 1", Effect::read));
    EXPECT_TRUE(eventually([&] { return pool->statistics().busy == 0; }));
    EXPECT_TRUE(eventually([&] { return running("pg_sleep") == "0"; }));
}

TEST_F(PoolTest, AWritePastItsDeadlineIsUnknownAndGoesOn) {
    ask("CREATE TABLE t (n int)");
    const auto pool = make_pool(2);
    const std::string own_backend = "SELECT pg_backend_pid()";
    const std::int64_t first = query(*pool, own_backend, Effect::read).value().int64(0, 0);
    const std::string slow = "INSERT INTO t SELECT 1 FROM pg_sleep(2)";
    const auto answer = run(loop_, pool->query(slow, Effect::write, {}, in_ms(500)));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Errc::outcome_unknown);
    EXPECT_TRUE(answer.error().is(Failure::outcome_unknown));
    // Others are not sent behind it.
    EXPECT_NE(query(*pool, own_backend, Effect::read).value().int64(0, 0), first);
    EXPECT_TRUE(eventually([&] { return pool->statistics().busy == 0; }));
    EXPECT_EQ(ask("SELECT count(*) FROM t"), "1");
}

TEST_F(PoolTest, AStatementWithoutTimeIsNotSent) {
    ask("CREATE TABLE t (n int)");
    const auto pool = make_pool(1);
    const auto answer = run(loop_, pool->execute(kInsert, number(1), in_ms(0)));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Errc::deadline_exceeded);
    EXPECT_EQ(ask("SELECT count(*) FROM t"), "0");
}

TEST_F(PoolTest, MoreThanMayWaitAreRefused) {
    PoolLimits limits;
    limits.connections_max = 1;
    limits.pipeline_depth_max = 1;
    limits.waiting_max = 2;
    const auto pool = make_pool(limits);
    ASSERT_TRUE(query(*pool, "SELECT 1", Effect::read));
    std::vector<Task<Answer>> tasks;
    for (int i = 0; i < 5; ++i) {
        tasks.push_back(pool->query("SELECT pg_sleep(0.05)", Effect::read, {}, soon()));
    }
    const auto answers = all(std::move(tasks));
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(answers[i].has_value(), i < 3) << i;
    }
    EXPECT_EQ(answers[4].error().code, Errc::pool_exhausted);
    EXPECT_TRUE(answers[4].error().is(Failure::unavailable));
}

TEST_F(PoolTest, WaitingForAPlaceEndsByTheDeadline) {
    const auto pool = make_pool(1);
    const Session holder = lease(*pool);
    const auto answer = run(loop_, pool->execute(kEcho, number(1), in_ms(50)));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Errc::deadline_exceeded);
    const auto session = run(loop_, pool->session(in_ms(50)));
    ASSERT_FALSE(session);
    EXPECT_EQ(session.error().code, Errc::deadline_exceeded);
    EXPECT_EQ(pool->statistics().waiting, 0u);
}

TEST_F(PoolTest, LargeParametersAndRowsPassInBothDirections) {
    const auto pool = make_pool(2);
    const std::string large(2'000'000, 'x');
    std::vector<Task<Answer>> tasks;
    for (int i = 0; i < 40; ++i) {
        Parameters parameters;
        parameters.add(large);
        const Effect effect = i % 2 == 0 ? Effect::read : Effect::write;
        tasks.push_back(pool->query("SELECT $1::text", effect, std::move(parameters), soon()));
    }
    for (const Answer& answer : all(std::move(tasks))) {
        ASSERT_TRUE(answer) << answer.error().detail;
        EXPECT_EQ(answer->text(0, 0).size(), large.size());
    }
}

TEST_F(PoolTest, TooManyParametersAreRefusedByName) {
    const auto pool = make_pool(1);
    Parameters parameters;
    for (int i = 0; i < 65'536; ++i) {
        parameters.add(i);
    }
    const auto answer =
        run(loop_, pool->query("SELECT 1", Effect::read, std::move(parameters), soon()));
    ASSERT_FALSE(answer);
    EXPECT_TRUE(answer.error().is(Failure::invalid_argument));
    EXPECT_TRUE(query(*pool, "SELECT 1", Effect::read));
}

TEST_F(PoolTest, StatementsThatAPoolCannotRunBreakOnlyTheirConnection) {
    const auto pool = make_pool(1);
    for (const char* sql : {"COPY (SELECT 1) TO STDOUT", "COPY pg_class FROM STDIN", "BEGIN"}) {
        const auto answer = query(*pool, sql, Effect::write);
        EXPECT_TRUE(!answer || std::string_view(sql) == "BEGIN") << sql;
        const auto after = query(*pool, "SELECT pg_current_xact_id_if_assigned()", Effect::read);
        ASSERT_TRUE(after) << sql << ": " << after.error().detail;
    }
    ASSERT_TRUE(query(*pool, "CREATE TABLE t (n int)", Effect::write));
    EXPECT_EQ(ask("SELECT count(*) FROM t"), "0");
}

TEST_F(PoolTest, TheObserverSeesEveryStatement) {
    struct Seen {
        std::string name;
        bool success;
    };
    std::vector<Seen> seen;
    Pool pool(
        loop_, server_.options(database_), PoolLimits(),
        [&seen](std::string_view name, std::chrono::steady_clock::duration took, bool success) {
            EXPECT_GT(took.count(), 0);
            seen.push_back({std::string(name), success});
        });
    EXPECT_TRUE(run(loop_, pool.execute(kEcho, number(1), soon())));
    EXPECT_FALSE(query(pool, "SELECT 1/0", Effect::read));
    ASSERT_EQ(seen.size(), 2u);
    EXPECT_EQ(seen[0].name, "test_echo");
    EXPECT_TRUE(seen[0].success);
    EXPECT_EQ(seen[1].name, "");
    EXPECT_FALSE(seen[1].success);
    EXPECT_EQ(pool.statistics().failures, 1u);
}

Task<Answer> query_then_close(Pool& pool) {
    std::vector<Task<Answer>> tasks;
    tasks.push_back(pool.query("SELECT pg_sleep(0.1)", Effect::write, {}, soon()));
    const Executor executor = co_await async::this_executor();
    async::spawn(executor, pool.close(soon()));
    Answer refused = co_await pool.query("SELECT 1", Effect::read, {}, soon());
    co_return refused;
}

TEST_F(PoolTest, ClosingLetsWhatRunsEndAndRefusesTheRest) {
    const auto pool = make_pool(1);
    ASSERT_TRUE(query(*pool, "SELECT 1", Effect::read));
    std::vector<Task<Answer>> tasks;
    tasks.push_back(pool->query("SELECT pg_sleep(0.1)", Effect::write, {}, soon()));
    tasks.push_back(query_then_close(*pool));
    const auto answers = all(std::move(tasks));
    EXPECT_TRUE(answers[0]) << answers[0].error().detail;
    ASSERT_FALSE(answers[1]);
    EXPECT_EQ(answers[1].error().code, Errc::closed);
    EXPECT_TRUE(eventually([&] { return pool->statistics().connections == 0; }));
}

Task<Answer> close_soon(Pool& pool) {
    co_await pool.close(in_ms(50));
    co_return Rows();
}

TEST_F(PoolTest, ClosingEndsByItsDeadlineWhateverRuns) {
    const auto pool = make_pool(2);
    std::vector<Task<Answer>> tasks;
    tasks.push_back(pool->query("SELECT pg_sleep(5)", Effect::write, {}, soon()));
    tasks.push_back(pool->query("SELECT pg_sleep(5)", Effect::read, {}, soon()));
    ASSERT_TRUE(query(*pool, "SELECT 1", Effect::read));
    tasks.push_back(close_soon(*pool));
    const auto answers = all(std::move(tasks));
    EXPECT_EQ(answers[0].error().code, Errc::outcome_unknown);
    EXPECT_EQ(answers[1].error().code, Errc::closed);
}

TEST_F(PoolTest, DestroyingAPoolEndsWhatWaits) {
    auto pool = make_pool(1);
    ASSERT_TRUE(query(*pool, "SELECT 1", Effect::read));
    std::optional<Answer> ended;
    boost::asio::co_spawn(loop_, pool->query("SELECT pg_sleep(5)", Effect::read, {}, soon()),
                          [&](std::exception_ptr, Answer answer) { ended = std::move(answer); });
    eventually([&] { return pool->statistics().busy == 1; });
    pool.reset();
    ASSERT_TRUE(eventually([&] { return ended.has_value(); }));
    EXPECT_EQ(ended->error().code, Errc::closed);
}

}  // namespace
}  // namespace pgmind::postgres::testing
