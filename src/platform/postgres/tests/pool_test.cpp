#include "platform/postgres/pool.hpp"

#include <gtest/gtest.h>

#include "async/when_all.hpp"
#include "platform/postgres/testing/temporary_postgres.hpp"

namespace pgmind::postgres {
namespace {

using testing::run;
using testing::TemporaryPostgres;

constexpr Statement kEcho{"test_echo", "SELECT $1::bigint", Effect::read};

Deadline soon() {
    return Deadline::after(std::chrono::seconds(20));
}

class PoolTest : public ::testing::Test {
  protected:
    std::unique_ptr<Pool> make_pool(PoolLimits limits = {}) {
        const ConnectionOptions options = TemporaryPostgres::instance().options("postgres");
        return std::make_unique<Pool>(loop_, options, limits, nullptr);
    }

    std::vector<Result<Rows>> all(std::vector<Task<Result<Rows>>> tasks) {
        return run(loop_, async::when_all(std::move(tasks)));
    }

    Result<Rows> query(Pool& pool, std::string sql, Effect effect = Effect::read) {
        return run(loop_, pool.query(std::move(sql), effect, {}, soon()));
    }

    boost::asio::io_context loop_{1};
};

Parameters number(std::int64_t value) {
    Parameters parameters;
    parameters.add(value);
    return parameters;
}

TEST_F(PoolTest, ManyStatementsAtOnceEachGetTheirOwnAnswer) {
    const auto pool = make_pool();
    for (int round = 0; round < 3; ++round) {
        std::vector<Task<Result<Rows>>> tasks;
        for (int i = 0; i < 1000; ++i) {
            tasks.push_back(pool->execute(kEcho, number(i), soon()));
        }
        const auto results = all(std::move(tasks));
        for (int i = 0; i < 1000; ++i) {
            ASSERT_TRUE(results[i]) << results[i].error().detail;
            ASSERT_EQ(results[i]->int64(0, 0), i);
        }
    }
    const PoolStatistics statistics = pool->statistics();
    EXPECT_EQ(statistics.statements, 3000u);
    EXPECT_EQ(statistics.failures, 0u);
    EXPECT_EQ(statistics.waiting, 0u);
    EXPECT_LE(statistics.connections, 8u);
}

}  // namespace
}  // namespace pgmind::postgres
