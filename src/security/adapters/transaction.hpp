#pragma once

#include <string>
#include <utility>

#include "platform/postgres/pool.hpp"
#include "platform/postgres/session.hpp"

namespace pgmind::security {

/// One statement of a transaction, whose rows nobody looks at.
inline Task<Result<void>> execute(postgres::Session& session, const postgres::Statement& statement,
                                  postgres::Parameters parameters, Deadline deadline) {
    const auto rows = co_await session.execute(statement, std::move(parameters), deadline);
    if (!rows) {
        co_return fail(rows.error());
    }
    co_return Result<void>();
}

/// Runs `work(session, input, deadline)`, a coroutine of Result<bool>, in a transaction: committed
/// when it gives true, rolled back when false. After an error the pool closes the connection, which
/// rolls back too. `input` outlives the call.
template <class Input>
Task<Result<bool>> in_transaction(postgres::Pool& pool,
                                  Task<Result<bool>> (*work)(postgres::Session&, const Input&,
                                                             Deadline),
                                  const Input& input, Deadline deadline) {
    auto session = co_await pool.session(deadline);
    if (!session) {
        co_return fail(std::move(session.error()));
    }
    const auto begun = co_await session->query("BEGIN", postgres::Parameters(), deadline);
    if (!begun) {
        co_return fail(begun.error());
    }
    auto done = co_await work(*session, input, deadline);
    if (!done) {
        co_return done;
    }
    std::string end = *done ? "COMMIT" : "ROLLBACK";
    const auto ended = co_await session->query(std::move(end), postgres::Parameters(), deadline);
    if (!ended) {
        co_return fail(ended.error());
    }
    co_return done;
}

}  // namespace pgmind::security
