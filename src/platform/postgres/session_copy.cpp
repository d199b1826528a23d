// COPY in both directions. A COPY that is not finished never took effect, so only its finish can
// leave the outcome unknown.
#include <algorithm>
#include <stdexcept>

#include "platform/postgres/detail/direct.hpp"
#include "platform/postgres/detail/session_implementation.hpp"
#include "platform/postgres/errors.hpp"

namespace pgmind::postgres {
namespace {

// One message of the protocol, and what may wait in libpq's buffer before it is flushed.
constexpr std::size_t kChunkMax = std::size_t{256} * 1024;
constexpr std::size_t kUnflushedMax = std::size_t{256} * 1024;

Error in_no_copy() {
    return Error(Errc::connection_lost, "no COPY is under way on this session");
}

Task<Result<void>> begin_copy(ConnectionPointer connection, std::string sql, ExecStatusType kind,
                              Deadline deadline) {
    Result<ResultHandle> first = co_await begin_direct(connection, std::move(sql), deadline);
    if (!first) {
        co_return fail(std::move(first.error()));
    }
    if (PQresultStatus(first->get()) != kind) {
        Error error(Errc::unexpected_answer, "the statement is not a COPY of this direction");
        connection->lose(error);
        co_return fail(std::move(error));
    }
    co_return Result<void>();
}

Task<Result<void>> put_end(ConnectionPointer connection, const char* reason, Deadline deadline) {
    while (true) {
        const int queued = PQputCopyEnd(connection->handle(), reason);
        if (queued < 0) {
            Error error(Errc::connection_lost, message_of(connection->handle()));
            connection->lose(error);
            co_return fail(std::move(error));
        }
        Result<void> flushed = co_await flush_direct(connection, deadline);
        if (!flushed || queued == 1) {
            co_return flushed;
        }
    }
}

// Ends COPY FROM STDIN; with a reason, by failing it.
Task<Result<std::int64_t>> end_copy_in(ConnectionPointer connection, const char* reason,
                                       Deadline deadline) {
    Result<void> ended = co_await put_end(connection, reason, deadline);
    if (!ended) {
        co_return fail(std::move(ended.error()));
    }
    Result<ResultHandle> first = co_await next_result(connection, deadline);
    if (!first) {
        co_return fail(std::move(first.error()));
    }
    Result<std::int64_t> rows = co_await end_direct(connection, std::move(*first), deadline);
    co_return rows;
}

}  // namespace

Task<Result<void>> Session::copy_in_begin(std::string sql, Deadline deadline) {
    Implementation* self = implementation_.get();
    Result<void> begun =
        co_await begin_copy(self->connection, std::move(sql), PGRES_COPY_IN, deadline);
    self->copy = begun ? Implementation::Copy::in : Implementation::Copy::none;
    self->copy_unflushed = 0;
    co_return begun;
}

Task<Result<void>> Session::copy_in_write(std::string_view data, Deadline deadline) {
    Implementation* self = implementation_.get();
    const ConnectionPointer connection = self->connection;
    if (self->copy != Implementation::Copy::in || connection->broken()) {
        co_return fail(in_no_copy());
    }
    while (!data.empty()) {
        const std::string_view chunk = data.substr(0, kChunkMax);
        const int queued =
            PQputCopyData(connection->handle(), chunk.data(), static_cast<int>(chunk.size()));
        if (queued < 0) {
            Error error(Errc::connection_lost, message_of(connection->handle()));
            connection->lose(error);
            co_return fail(std::move(error));
        }
        if (queued == 1) {
            data.remove_prefix(chunk.size());
            self->copy_unflushed += chunk.size();
        }
        if (queued == 0 || self->copy_unflushed >= kUnflushedMax) {
            self->copy_unflushed = 0;
            Result<void> flushed = co_await flush_direct(connection, deadline);
            if (!flushed) {
                co_return flushed;
            }
        }
    }
    co_return Result<void>();
}

Task<Result<std::int64_t>> Session::copy_in_finish(Deadline deadline) {
    Implementation* self = implementation_.get();
    if (self->copy != Implementation::Copy::in || self->connection->broken()) {
        co_return fail(in_no_copy());
    }
    self->copy = Implementation::Copy::none;
    Result<std::int64_t> rows = co_await end_copy_in(self->connection, nullptr, deadline);
    if (!rows && rows.error().code == Errc::connection_lost) {
        rows = fail(lost_write_error());
    } else if (!rows && rows.error().code == Errc::deadline_exceeded) {
        rows.error().code = Errc::outcome_unknown;
    }
    co_return rows;
}

Task<Result<void>> Session::copy_in_abort(std::string reason, Deadline deadline) {
    Implementation* self = implementation_.get();
    if (self->copy != Implementation::Copy::in || self->connection->broken()) {
        co_return fail(in_no_copy());
    }
    self->copy = Implementation::Copy::none;
    Result<std::int64_t> rows = co_await end_copy_in(self->connection, reason.c_str(), deadline);
    // The server answers with the error that was asked for.
    if (rows || !self->connection->broken()) {
        co_return Result<void>();
    }
    co_return fail(std::move(rows.error()));
}

Task<Result<void>> Session::copy_out_begin(std::string sql, Deadline deadline) {
    Implementation* self = implementation_.get();
    Result<void> begun =
        co_await begin_copy(self->connection, std::move(sql), PGRES_COPY_OUT, deadline);
    self->copy = begun ? Implementation::Copy::out : Implementation::Copy::none;
    co_return begun;
}

Task<Result<std::optional<std::string>>> Session::copy_out_read(Deadline deadline) {
    Implementation* self = implementation_.get();
    const ConnectionPointer connection = self->connection;
    if (self->copy != Implementation::Copy::out || connection->broken()) {
        co_return fail(in_no_copy());
    }
    while (true) {
        char* row = nullptr;
        const int length = PQgetCopyData(connection->handle(), &row, 1);
        if (length > 0) {
            const std::unique_ptr<char, void (*)(void*)> owned(row, PQfreemem);
            co_return std::string(row, static_cast<std::size_t>(length));
        }
        if (length < 0) {
            break;
        }
        Result<void> more = co_await receive_more(connection, deadline);
        if (!more) {
            co_return fail(std::move(more.error()));
        }
    }
    self->copy = Implementation::Copy::none;
    Result<ResultHandle> last = co_await next_result(connection, deadline);
    if (!last) {
        co_return fail(std::move(last.error()));
    }
    Result<std::int64_t> ended = co_await end_direct(connection, std::move(*last), deadline);
    if (!ended) {
        co_return fail(std::move(ended.error()));
    }
    co_return std::optional<std::string>();
}

}  // namespace pgmind::postgres
