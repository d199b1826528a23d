#include "platform/postgres/session.hpp"

#include <array>
#include <stdexcept>

#include "platform/postgres/detail/direct.hpp"
#include "platform/postgres/detail/session_implementation.hpp"
#include "platform/postgres/errors.hpp"

namespace pgmind::postgres {
namespace {

// Whether SQL may change something that outlives its transaction but belongs to the connection.
bool may_alter_connection(std::string_view sql) {
    constexpr std::array<std::string_view, 11> harmless = {
        "BEGIN",   "START TRANSACTION", "COMMIT", "END",    "ROLLBACK", "SAVEPOINT",
        "RELEASE", "SET LOCAL",         "INSERT", "UPDATE", "DELETE"};
    for (const std::string_view beginning : harmless) {
        if (sql.starts_with(beginning)) {
            return false;
        }
    }
    return true;
}

Task<Result<Rows>> run(ConnectionPointer connection, OperationPointer operation) {
    if (connection->broken()) {
        co_return fail(Errc::connection_lost, "the connection was lost before");
    }
    if (operation->deadline().passed()) {
        co_return fail(Errc::deadline_exceeded, "no time was left for the statement");
    }
    const bool inside = connection->in_transaction();
    const bool stoppable = operation->effect == Effect::read || inside;
    operation->may_resend = !inside;
    connection->submit(operation);
    const bool finished = co_await operation->wait();
    if (!finished) {
        if (stoppable) {
            connection->cancel_unwatched();
        }
        connection->lose(Error(Errc::deadline_exceeded, "PostgreSQL did not answer in time"));
    }
    co_return std::move(operation->result);
}

Error as_unknown_outcome(Error error) {
    if (error.code == Errc::connection_lost) {
        return lost_write_error();
    }
    if (error.code == Errc::deadline_exceeded) {
        error.code = Errc::outcome_unknown;
    }
    return error;
}

}  // namespace

Session::Session(std::unique_ptr<Implementation> implementation)
    : implementation_(std::move(implementation)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

Task<Result<Session>> Session::connect(ConnectionOptions options, Deadline deadline) {
    Result<ConnectionPointer> connection = co_await Connection::open(std::move(options), deadline);
    if (!connection) {
        co_return fail(std::move(connection.error()));
    }
    const auto close = [](ConnectionPointer owned, bool) {
        owned->lose(Error(Errc::closed, "the session is closed"));
    };
    co_return Session(std::make_unique<Implementation>(std::move(*connection), close));
}

Result<std::string> Session::password_verifier(const std::string& role,
                                               const std::string& password) const {
    PGconn* connection = implementation_->connection->handle();
    const std::unique_ptr<char, decltype(&PQfreemem)> verifier(
        PQencryptPasswordConn(connection, password.c_str(), role.c_str(), "scram-sha-256"),
        PQfreemem);
    if (!verifier) {
        return fail(Errc::statement_failed, message_of(connection));
    }
    return std::string(verifier.get());
}

bool Session::in_transaction() const {
    return implementation_->connection->in_transaction();
}

Task<Result<Rows>> Session::execute(const Statement& statement, Parameters parameters,
                                    Deadline deadline) {
    const Executor executor = co_await async::this_executor();
    const auto operation = std::make_shared<Operation>(executor, deadline);
    operation->name = statement.name;
    operation->sql = statement.sql;
    operation->effect = statement.effect;
    operation->parameters = std::move(parameters);
    Result<Rows> rows = co_await run(implementation_->connection, operation);
    co_return rows;
}

Task<Result<Rows>> Session::query(std::string sql, Parameters parameters, Deadline deadline) {
    const Executor executor = co_await async::this_executor();
    implementation_->altered = implementation_->altered || may_alter_connection(sql);
    const auto operation = std::make_shared<Operation>(executor, deadline);
    operation->sql_storage = std::move(sql);
    operation->effect = Effect::write;
    operation->parameters = std::move(parameters);
    Result<Rows> rows = co_await run(implementation_->connection, operation);
    co_return rows;
}

Task<Result<void>> Session::script(std::string sql, Deadline deadline) {
    const ConnectionPointer connection = implementation_->connection;
    implementation_->altered = true;
    Result<ResultHandle> first = co_await begin_direct(connection, std::move(sql), deadline);
    if (!first) {
        co_return fail(as_unknown_outcome(std::move(first.error())));
    }
    Result<std::int64_t> ended = co_await end_direct(connection, std::move(*first), deadline);
    if (!ended) {
        co_return fail(as_unknown_outcome(std::move(ended.error())));
    }
    co_return Result<void>();
}

}  // namespace pgmind::postgres
