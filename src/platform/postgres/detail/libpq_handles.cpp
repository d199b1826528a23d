#include "platform/postgres/detail/libpq_handles.hpp"

#include "platform/postgres/errors.hpp"

namespace pgmind::postgres {
namespace {

// libpq breaks and indents its lines for terminals: each run of blanks becomes one.
std::string one_line(std::string_view text) {
    std::string line;
    for (const char c : text) {
        const bool blank = c == '\n' || c == '\t' || c == ' ';
        if (!blank) {
            line += c;
        } else if (!line.empty() && line.back() != ' ') {
            line += ' ';
        }
    }
    while (!line.empty() && line.back() == ' ') {
        line.pop_back();
    }
    return line;
}

}  // namespace

std::string message_of(const PGconn* connection) {
    return one_line(PQerrorMessage(connection));
}

std::string_view field_of(const PGresult* result, int diagnostic) {
    const char* field = PQresultErrorField(result, diagnostic);
    return field == nullptr ? std::string_view() : std::string_view(field);
}

Error error_of(const PGresult* result) {
    const std::string_view sqlstate = field_of(result, PG_DIAG_SQLSTATE);
    if (sqlstate.empty()) {
        // libpq made this result itself: the connection broke.
        return Error(Errc::connection_lost, one_line(PQresultErrorMessage(result)));
    }
    std::string message(field_of(result, PG_DIAG_MESSAGE_PRIMARY));
    const std::string_view detail = field_of(result, PG_DIAG_MESSAGE_DETAIL);
    if (!detail.empty()) {
        message.append(": ").append(detail);
    }
    return statement_error(sqlstate, std::move(message));
}

}  // namespace pgmind::postgres
