#include "platform/postgres/errors.hpp"

namespace pgmind::postgres {
namespace {

class Category final : public std::error_category {
  public:
    const char* name() const noexcept override { return "pgmind.postgres"; }

    std::string message(int value) const override {
        switch (static_cast<Errc>(value)) {
            case Errc::connect_failed:
                return "cannot connect to PostgreSQL";
            case Errc::connection_lost:
                return "the connection to PostgreSQL was lost";
            case Errc::outcome_unknown:
                return "the outcome of a write is unknown";
            case Errc::deadline_exceeded:
                return "PostgreSQL did not answer in time";
            case Errc::pool_exhausted:
                return "too many requests wait for PostgreSQL";
            case Errc::closed:
                return "the connection pool is closed";
            case Errc::unexpected_answer:
                return "PostgreSQL gave an unexpected answer";
            case Errc::already_exists:
                return "a row with this key exists already";
            case Errc::invalid_value:
                return "PostgreSQL refused a value";
            case Errc::conflict:
                return "the transaction conflicted with another one";
            case Errc::server_unavailable:
                return "PostgreSQL cannot serve now";
            case Errc::statement_timed_out:
                return "PostgreSQL gave the statement up";
            case Errc::migration_refused:
                return "the schema of the database is not known to this program";
            case Errc::statement_failed:
                break;
        }
        return "PostgreSQL refused the statement";
    }

    std::error_condition default_error_condition(int value) const noexcept override {
        return make_error_condition(failure_of(static_cast<Errc>(value)));
    }

  private:
    static Failure failure_of(Errc code) {
        switch (code) {
            case Errc::connect_failed:
            case Errc::connection_lost:
            case Errc::pool_exhausted:
            case Errc::closed:
            case Errc::server_unavailable:
                return Failure::unavailable;
            case Errc::outcome_unknown:
                return Failure::outcome_unknown;
            case Errc::deadline_exceeded:
            case Errc::statement_timed_out:
                return Failure::deadline_exceeded;
            case Errc::already_exists:
                return Failure::already_exists;
            case Errc::invalid_value:
                return Failure::invalid_argument;
            case Errc::conflict:
                return Failure::version_conflict;
            case Errc::unexpected_answer:
            case Errc::migration_refused:
            case Errc::statement_failed:
                break;
        }
        return Failure::internal;
    }
};

const Category kCategory;

Errc code_of(std::string_view sqlstate) {
    const std::string_view kind = sqlstate.substr(0, 2);
    if (sqlstate == "23505") {
        return Errc::already_exists;
    }
    if (kind == "22" || sqlstate == "23502" || sqlstate == "23514" || sqlstate == "54000") {
        return Errc::invalid_value;
    }
    if (kind == "40") {
        return Errc::conflict;
    }
    if (sqlstate == "57014") {
        return Errc::statement_timed_out;
    }
    if (kind == "08" || kind == "53" || sqlstate.starts_with("57P0") || sqlstate == "25006" ||
        sqlstate == "55P03") {
        return Errc::server_unavailable;
    }
    return Errc::statement_failed;
}

}  // namespace

std::error_code make_error_code(Errc code) {
    return {static_cast<int>(code), kCategory};
}

Error lost_write_error() {
    return Error(Errc::outcome_unknown,
                 "the connection to PostgreSQL was lost before the write was confirmed");
}

Error statement_error(std::string_view sqlstate, std::string message) {
    Error error(code_of(sqlstate), std::move(message));
    error.reason = sqlstate;
    return error;
}

}  // namespace pgmind::postgres
