#include "platform/postgres/detail/direct.hpp"

#include "platform/postgres/errors.hpp"

namespace pgmind::postgres {
namespace {

// Breaks the connection: in the middle of a protocol there is no way back.
Error give_up(Connection& connection, Errc code, std::string detail) {
    Error error(code, std::move(detail));
    connection.lose(error);
    return error;
}

Error broken() {
    return Error(Errc::connection_lost, "the connection was lost");
}

Task<Result<void>> wait_ready(ConnectionPointer connection, bool write, Deadline deadline) {
    const bool ready = co_await connection->watch().wait(true, write, deadline);
    if (connection->broken()) {
        co_return fail(broken());
    }
    if (!ready) {
        co_return fail(
            give_up(*connection, Errc::deadline_exceeded, "PostgreSQL did not answer in time"));
    }
    if (PQconsumeInput(connection->handle()) != 1) {
        std::string why = message_of(connection->handle());
        co_return fail(give_up(*connection, Errc::connection_lost, std::move(why)));
    }
    co_return Result<void>();
}

bool is_copy(const PGresult* result) {
    const ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

}  // namespace

Task<Result<void>> flush_direct(ConnectionPointer connection, Deadline deadline) {
    while (true) {
        if (connection->broken()) {
            co_return fail(broken());
        }
        const int left = PQflush(connection->handle());
        if (left == 0) {
            co_return Result<void>();
        }
        if (left < 0) {
            std::string why = message_of(connection->handle());
            co_return fail(give_up(*connection, Errc::connection_lost, std::move(why)));
        }
        // The server may be unable to read because nobody takes what it has written.
        Result<void> ready = co_await wait_ready(connection, true, deadline);
        if (!ready) {
            co_return ready;
        }
    }
}

Task<Result<void>> receive_more(ConnectionPointer connection, Deadline deadline) {
    Result<void> ready = co_await wait_ready(connection, false, deadline);
    co_return ready;
}

Task<Result<ResultHandle>> next_result(ConnectionPointer connection, Deadline deadline) {
    if (connection->broken()) {
        co_return fail(broken());
    }
    while (PQisBusy(connection->handle()) != 0) {
        Result<void> more = co_await receive_more(connection, deadline);
        if (!more) {
            co_return fail(std::move(more.error()));
        }
    }
    co_return ResultHandle(PQgetResult(connection->handle()));
}

Task<Result<ResultHandle>> begin_direct(ConnectionPointer connection, std::string sql,
                                        Deadline deadline) {
    co_await connection->settle(deadline);
    if (deadline.passed()) {
        co_return fail(Errc::deadline_exceeded, "no time was left to begin");
    }
    Result<void> entered = connection->enter_direct();
    if (!entered) {
        co_return fail(std::move(entered.error()));
    }
    if (PQsendQuery(connection->handle(), sql.c_str()) != 1) {
        std::string why = message_of(connection->handle());
        co_return fail(give_up(*connection, Errc::connection_lost, std::move(why)));
    }
    Result<void> flushed = co_await flush_direct(connection, deadline);
    if (!flushed) {
        co_return fail(std::move(flushed.error()));
    }
    Result<ResultHandle> first = co_await next_result(connection, deadline);
    if (!first || PQresultStatus(first->get()) != PGRES_FATAL_ERROR) {
        co_return first;
    }
    Result<std::int64_t> ended = co_await end_direct(connection, std::move(*first), deadline);
    co_return fail(std::move(ended.error()));
}

Task<Result<std::int64_t>> end_direct(ConnectionPointer connection, ResultHandle first,
                                      Deadline deadline) {
    Result<std::int64_t> outcome = 0;
    ResultHandle result = std::move(first);
    while (result != nullptr) {
        if (is_copy(result.get())) {
            co_return fail(
                give_up(*connection, Errc::unexpected_answer, "a COPY where none was expected"));
        }
        if (PQresultStatus(result.get()) == PGRES_FATAL_ERROR && outcome) {
            outcome = fail(error_of(result.get()));
        } else if (outcome) {
            outcome = Rows(result.release()).affected();
        }
        Result<ResultHandle> next = co_await next_result(connection, deadline);
        if (!next) {
            // What the server has refused is known, even if it then went away.
            co_return outcome ? Result<std::int64_t>(fail(std::move(next.error()))) : outcome;
        }
        result = std::move(*next);
    }
    Result<void> left = connection->leave_direct();
    if (!left && outcome) {
        outcome = fail(std::move(left.error()));
    }
    co_return outcome;
}

}  // namespace pgmind::postgres
