#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <libpq-fe.h>

#include "base/error.hpp"

namespace pgmind::postgres {

struct CloseConnection {
    void operator()(PGconn* connection) const { PQfinish(connection); }
};
using ConnectionHandle = std::unique_ptr<PGconn, CloseConnection>;

struct ClearResult {
    void operator()(PGresult* result) const { PQclear(result); }
};
using ResultHandle = std::unique_ptr<PGresult, ClearResult>;

/// What libpq says about a connection, on one line.
std::string message_of(const PGconn* connection);

std::string_view field_of(const PGresult* result, int diagnostic);

/// The error that a PGRES_FATAL_ERROR stands for: message and DETAIL of the server, SQLSTATE.
Error error_of(const PGresult* result);

}  // namespace pgmind::postgres
