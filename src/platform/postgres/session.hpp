#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "async/task.hpp"
#include "platform/postgres/connection_options.hpp"
#include "platform/postgres/rows.hpp"
#include "platform/postgres/statement.hpp"

namespace pgmind::postgres {

class Connection;

/// One connection used by one caller, statement after statement: one call at a time, and the
/// session outlives the call. Movable; belongs to one event loop. After an error that lost the
/// connection, or a deadline that passed while a statement ran, every further call fails.
/// What query() and script() change for the connection (SET, advisory locks, LISTEN) is undone
/// when the session goes back to its pool; constant Statements must not change such things.
class Session {
  public:
    /// Connects outside of any pool (first start, migrations, administration).
    static Task<Result<Session>> connect(ConnectionOptions options, Deadline deadline);

    Session(Session&&) noexcept;
    Session& operator=(Session&&) noexcept;
    ~Session();

    Task<Result<Rows>> execute(const Statement& statement, Parameters parameters,
                               Deadline deadline);
    /// One statement, not prepared; taken for a write. BEGIN, COMMIT and ROLLBACK too.
    Task<Result<Rows>> query(std::string sql, Parameters parameters, Deadline deadline);
    /// Runs a script of several statements (no parameters, implicit transaction unless it says
    /// otherwise): migrations.
    Task<Result<void>> script(std::string sql, Deadline deadline);

    /// COPY ... FROM STDIN: begin, write any number of times, then finish (gives the rows copied)
    /// or abort. `sql` is the whole COPY statement. `data` must live until the call returns; it may
    /// hold any part of the stream. What the server thinks of the data, finish tells.
    Task<Result<void>> copy_in_begin(std::string sql, Deadline deadline);
    Task<Result<void>> copy_in_write(std::string_view data, Deadline deadline);
    Task<Result<std::int64_t>> copy_in_finish(Deadline deadline);
    Task<Result<void>> copy_in_abort(std::string reason, Deadline deadline);

    /// COPY ... TO STDOUT: begin, then read until nullopt. Each chunk is one row of output.
    Task<Result<void>> copy_out_begin(std::string sql, Deadline deadline);
    Task<Result<std::optional<std::string>>> copy_out_read(Deadline deadline);

    /// What ALTER ROLE ... PASSWORD takes instead of the password, so that neither the wire nor the
    /// server's log sees it (SCRAM-SHA-256). Asks nothing of the server.
    Result<std::string> password_verifier(const std::string& role,
                                          const std::string& password) const;

    /// A transaction is open (also one that a failed statement has doomed).
    bool in_transaction() const;

  private:
    friend class Pool;
    struct Implementation;
    explicit Session(std::unique_ptr<Implementation> implementation);
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace pgmind::postgres
