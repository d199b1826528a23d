#include "platform/postgres/tests/pool_fixture.hpp"

namespace pgmind::postgres::testing {
namespace {

constexpr int kRows = 100'000;

class CopyTest : public PoolFixture {
  protected:
    CopyTest() : PoolFixture(TemporaryPostgres::instance()) {}
    void SetUp() override {
        ask("CREATE TABLE t (n int PRIMARY KEY, v text)");
        pool_ = make_pool(1);
    }
    Result<void> begin(Session& session) {
        return run(loop_, session.copy_in_begin("COPY t FROM STDIN", soon()));
    }
    Result<void> write(Session& session, std::string_view data) {
        return run(loop_, session.copy_in_write(data, soon()));
    }
    Result<std::int64_t> finish(Session& session) {
        return run(loop_, session.copy_in_finish(soon()));
    }

    std::unique_ptr<Pool> pool_;
};

std::string line(int n) {
    return std::to_string(n) + "\tvalue " + std::to_string(n) + " " + std::string(50, 'x') + "\n";
}

Task<Result<std::int64_t>> copy_in(Session& session, int rows) {
    Result<void> done = co_await session.copy_in_begin("COPY t FROM STDIN", soon());
    for (int i = 0; done && i < rows; ++i) {
        const std::string data = line(i);
        done = co_await session.copy_in_write(data, soon());
    }
    if (!done) {
        co_return fail(std::move(done.error()));
    }
    Result<std::int64_t> copied = co_await session.copy_in_finish(soon());
    co_return copied;
}

Task<Result<int>> count_out(Session& session, std::string sql) {
    Result<void> begun = co_await session.copy_out_begin(std::move(sql), soon());
    if (!begun) {
        co_return fail(std::move(begun.error()));
    }
    int rows = 0;
    while (true) {
        Result<std::optional<std::string>> row = co_await session.copy_out_read(soon());
        if (!row) {
            co_return fail(std::move(row.error()));
        }
        if (!row->has_value()) {
            co_return rows;
        }
        if (**row != line(rows)) {
            co_return fail(Errc::unexpected_answer, "another row: " + **row);
        }
        ++rows;
    }
}

TEST_F(CopyTest, ManyRowsGoInAndComeOut) {
    Session session = lease(*pool_);
    const auto copied = run(loop_, copy_in(session, kRows));
    ASSERT_TRUE(copied) << copied.error().detail;
    EXPECT_EQ(*copied, kRows);
    const auto counted =
        run(loop_, count_out(session, "COPY (SELECT * FROM t ORDER BY n) TO STDOUT"));
    ASSERT_TRUE(counted) << counted.error().detail;
    EXPECT_EQ(*counted, kRows);
    EXPECT_EQ(query(session, "SELECT count(*) FROM t")->int64(0, 0), kRows);
}

TEST_F(CopyTest, ChunksMayCutRowsAnywhereAndBeLarge) {
    Session session = lease(*pool_);
    std::string all_rows;
    for (int i = 0; i < kRows; ++i) {
        all_rows += line(i);
    }
    ASSERT_TRUE(begin(session));
    const std::size_t cut = all_rows.size() / 3;
    ASSERT_TRUE(write(session, std::string_view(all_rows).substr(0, cut)));
    ASSERT_TRUE(write(session, ""));
    ASSERT_TRUE(write(session, std::string_view(all_rows).substr(cut)));
    EXPECT_EQ(finish(session), kRows);
}

TEST_F(CopyTest, AnAbortedCopyLeavesNothingAndTheSessionGoesOn) {
    Session session = lease(*pool_);
    ASSERT_TRUE(begin(session));
    ASSERT_TRUE(write(session, line(1)));
    EXPECT_TRUE(run(loop_, session.copy_in_abort("changed my mind", soon())));
    EXPECT_EQ(query(session, "SELECT count(*) FROM t")->int64(0, 0), 0);
    EXPECT_EQ(finish(session).error().code, Errc::connection_lost);
}

TEST_F(CopyTest, BadDataIsReportedAtTheFinish) {
    Session session = lease(*pool_);
    ASSERT_TRUE(begin(session));
    ASSERT_TRUE(write(session, line(1)));
    ASSERT_TRUE(write(session, "not a number\tx\n"));
    for (int i = 2; i < 20'000; ++i) {
        ASSERT_TRUE(write(session, line(i)));
    }
    const auto finished = finish(session);
    ASSERT_FALSE(finished);
    EXPECT_EQ(finished.error().reason, "22P02");
    EXPECT_EQ(query(session, "SELECT count(*) FROM t")->int64(0, 0), 0);
}

TEST_F(CopyTest, ACopyThatCannotBeginLeavesTheSessionUsable) {
    Session session = lease(*pool_);
    const auto refused = run(loop_, session.copy_in_begin("COPY nowhere FROM STDIN", soon()));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, "42P01");
    const auto out = run(loop_, session.copy_out_begin("COPY nowhere TO STDOUT", soon()));
    ASSERT_FALSE(out);
    EXPECT_EQ(out.error().reason, "42P01");
    EXPECT_TRUE(query(session, "SELECT 1"));
}

TEST_F(CopyTest, AFailureWhileCopyingOutIsReported) {
    Session session = lease(*pool_);
    const auto counted =
        run(loop_, count_out(session,
                             "COPY (SELECT 1 / (3 - n) FROM generate_series(1, 5) n) "
                             "TO STDOUT"));
    ASSERT_FALSE(counted);
    const auto begun = run(loop_, session.copy_out_begin("COPY (SELECT 1/0) TO STDOUT", soon()));
    ASSERT_FALSE(begun && run(loop_, session.copy_out_read(soon())));
}

TEST_F(CopyTest, AStatementThatIsNoCopyIsRefused) {
    for (const char* sql : {"SELECT 1", "COPY t TO STDOUT"}) {
        Session session = lease(*pool_);
        const auto begun = run(loop_, session.copy_in_begin(sql, soon()));
        ASSERT_FALSE(begun);
        EXPECT_EQ(begun.error().code, Errc::unexpected_answer);
    }
}

TEST_F(CopyTest, ASessionLeftInTheMiddleOfACopyIsClosed) {
    {
        Session session = lease(*pool_);
        ASSERT_TRUE(begin(session));
        ASSERT_TRUE(write(session, line(1)));
    }
    {
        ASSERT_TRUE(query(*pool_, "INSERT INTO t VALUES (5)", Effect::write));
        Session session = lease(*pool_);
        ASSERT_TRUE(run(loop_, session.copy_out_begin("COPY t TO STDOUT", soon())));
    }
    EXPECT_EQ(query(*pool_, "SELECT count(*) FROM t", Effect::read)->int64(0, 0), 1);
    EXPECT_EQ(pool_->statistics().reconnects, 2u);
}

// Nobody may read what a lock holds back: the copy waits in the server, the writer by its deadline.
TEST_F(CopyTest, ACopyEndsByItsDeadline) {
    Session session = lease(*pool_);
    ASSERT_TRUE(begin(session));
    const auto other = make_pool(2);
    Session locker = lease(*other);
    ASSERT_TRUE(query(locker, "BEGIN"));
    ASSERT_TRUE(query(locker, "INSERT INTO t VALUES (1)"));
    ASSERT_TRUE(write(session, line(1)));
    const auto finished = run(loop_, session.copy_in_finish(in_ms(100)));
    ASSERT_FALSE(finished);
    EXPECT_EQ(finished.error().code, Errc::outcome_unknown);
    ASSERT_TRUE(query(locker, "ROLLBACK"));
}

}  // namespace
}  // namespace pgmind::postgres::testing
