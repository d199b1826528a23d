#pragma once

#include <string>
#include <string_view>
#include <system_error>

#include "base/error.hpp"

namespace pgmind::postgres {

/// Failures of the PostgreSQL layer; beside each, the Failure that it is for the other layers.
/// Error::reason carries the SQLSTATE where the server gave one.
enum class Errc {
    connect_failed = 1,  ///< unavailable
    connection_lost,     ///< unavailable: the statement had no effect, or was a read
    outcome_unknown,     ///< outcome_unknown: a write was sent and its answer never came
    deadline_exceeded,   ///< deadline_exceeded: not sent, or a read that was given up
    pool_exhausted,      ///< unavailable: too many requests wait
    closed,              ///< unavailable: the pool is shutting down
    unexpected_answer,   ///< internal: the protocol or the result had another shape

    // Statements that the server refused and that had no effect, by SQLSTATE.
    already_exists,       ///< already_exists: 23505
    invalid_value,        ///< invalid_argument: class 22, 23502, 23514, 54000
    conflict,             ///< version_conflict: class 40 (serialization, deadlock)
    server_unavailable,   ///< unavailable: classes 08, 53, 57P0x, 25006 (standby), 55P03
    statement_timed_out,  ///< deadline_exceeded: 57014 (a timeout of the server, or cancelled)
    migration_refused,    ///< internal: the database's schema is not one that this program knows
    statement_failed      ///< internal: all other SQLSTATEs
};
std::error_code make_error_code(Errc code);

/// outcome_unknown: the connection ended between a write and the answer to it.
Error lost_write_error();

/// An error for a statement that the server refused: message, detail and SQLSTATE as it gave them.
Error statement_error(std::string_view sqlstate, std::string message);

}  // namespace pgmind::postgres

template <>
struct std::is_error_code_enum<pgmind::postgres::Errc> : std::true_type {};
