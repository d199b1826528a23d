#pragma once

#include <system_error>

#include "base/error.hpp"

namespace pgmind::postgres {

/// Failures of the PostgreSQL layer. Error::reason carries the SQLSTATE where the server gave one.
enum class Errc {
    connect_failed = 1,  ///< unavailable
    connection_lost,     ///< unavailable: the statement had no effect, or was a read
    outcome_unknown,     ///< outcome_unknown: a write was sent and its answer never came
    deadline_exceeded,   ///< deadline_exceeded: not sent, or a read that was given up
    pool_exhausted,      ///< unavailable: too many requests wait
    closed,              ///< unavailable: the pool is shutting down
    statement_failed,    ///< by SQLSTATE: 23505 already_exists, 22xxx invalid_argument,
                         ///< 25006/57P0x/53xxx unavailable, 40xxx version_conflict, else internal
    unexpected_answer    ///< internal: the protocol or the result had another shape
};
std::error_code make_error_code(Errc code);

/// An error for a statement that the server refused: message, detail and SQLSTATE as it gave them.
Error statement_error(std::string_view sqlstate, std::string message);

}  // namespace pgmind::postgres

template <>
struct std::is_error_code_enum<pgmind::postgres::Errc> : std::true_type {};
