#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "async/when_all.hpp"
#include "platform/postgres/errors.hpp"
#include "platform/postgres/pool.hpp"
#include "platform/postgres/testing/temporary_postgres.hpp"

namespace pgmind::postgres::testing {

using Answer = Result<Rows>;

inline Deadline soon() {
    return Deadline::after(std::chrono::seconds(60));
}

inline Deadline in_ms(int milliseconds) {
    return Deadline::after(std::chrono::milliseconds(milliseconds));
}

inline Parameters number(std::int64_t value) {
    Parameters parameters;
    parameters.add(value);
    return parameters;
}

/// A pool on a server, and an event loop that only runs while the test waits for something.
class PoolFixture : public ::testing::Test {
  protected:
    explicit PoolFixture(TemporaryPostgres& server)
        : server_(server), database_(server.create_database("pool")) {}

    std::unique_ptr<Pool> make_pool(PoolLimits limits) {
        return std::make_unique<Pool>(loop_, server_.options(database_), limits, nullptr);
    }
    std::unique_ptr<Pool> make_pool(std::size_t connections_max) {
        PoolLimits limits;
        limits.connections_max = connections_max;
        return make_pool(limits);
    }

    std::vector<Answer> all(std::vector<Task<Answer>> tasks) {
        return testing::run(loop_, async::when_all(std::move(tasks)));
    }
    Answer query(Pool& pool, std::string sql, Effect effect) {
        return testing::run(loop_, pool.query(std::move(sql), effect, {}, soon()));
    }
    Answer query(Session& session, std::string sql) {
        return testing::run(loop_, session.query(std::move(sql), {}, soon()));
    }
    Session lease(Pool& pool) {
        Result<Session> session = testing::run(loop_, pool.session(soon()));
        if (!session) {
            throw std::runtime_error(session.error().detail);
        }
        return std::move(*session);
    }
    std::string ask(const std::string& sql) { return server_.ask(database_, sql); }

    /// How many statements with this text the server runs at the moment.
    std::string running(const std::string& text) {
        return ask(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "
            "state = 'active' AND pid <> pg_backend_pid() AND query LIKE '%" +
            text + "%'");
    }

    /// Lets the loop run until the condition holds.
    template <class Condition>
    bool eventually(Condition condition) {
        const Deadline limit = soon();
        while (!condition() && !limit.passed()) {
            testing::run(loop_, async::wait_for(std::chrono::milliseconds(5)));
        }
        return condition();
    }

    TemporaryPostgres& server_;
    std::string database_;
    boost::asio::io_context loop_{1};
};

}  // namespace pgmind::postgres::testing
