#include "platform/postgres/rows.hpp"

#include <charconv>
#include <stdexcept>

#include <libpq-fe.h>

namespace pgmind::postgres {
namespace {

const PGresult* as_result(const std::shared_ptr<void>& result) {
    return static_cast<const PGresult*>(result.get());
}

std::string place(std::size_t row, std::size_t column) {
    return "row " + std::to_string(row) + ", column " + std::to_string(column);
}

template <class Number>
Number parse(std::string_view text, std::size_t row, std::size_t column) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) {
        throw std::logic_error("postgres::Rows: no number at " + place(row, column) + ": '" +
                               std::string(text.substr(0, 40)) + "'");
    }
    return number;
}

}  // namespace

Rows::Rows(void* result)
    : result_(result, [](void* owned) { PQclear(static_cast<PGresult*>(owned)); }) {}

std::size_t Rows::size() const {
    return static_cast<std::size_t>(PQntuples(as_result(result_)));
}

std::size_t Rows::columns() const {
    return static_cast<std::size_t>(PQnfields(as_result(result_)));
}

bool Rows::is_null(std::size_t row, std::size_t column) const {
    if (row >= size() || column >= columns()) {
        throw std::out_of_range("postgres::Rows: no " + place(row, column));
    }
    return PQgetisnull(as_result(result_), static_cast<int>(row), static_cast<int>(column)) == 1;
}

std::string_view Rows::text(std::size_t row, std::size_t column) const {
    if (is_null(row, column)) {
        return {};
    }
    const int r = static_cast<int>(row);
    const int c = static_cast<int>(column);
    return {PQgetvalue(as_result(result_), r, c),
            static_cast<std::size_t>(PQgetlength(as_result(result_), r, c))};
}

std::int64_t Rows::int64(std::size_t row, std::size_t column) const {
    return parse<std::int64_t>(text(row, column), row, column);
}

std::optional<std::int64_t> Rows::optional_int64(std::size_t row, std::size_t column) const {
    if (is_null(row, column)) {
        return std::nullopt;
    }
    return int64(row, column);
}

double Rows::real(std::size_t row, std::size_t column) const {
    // from_chars reads what PostgreSQL writes, "NaN" and "Infinity" included.
    return parse<double>(text(row, column), row, column);
}

bool Rows::boolean(std::size_t row, std::size_t column) const {
    const std::string_view value = text(row, column);
    if (value != "t" && value != "f") {
        throw std::logic_error("postgres::Rows: no boolean at " + place(row, column));
    }
    return value == "t";
}

WallTime Rows::time_us(std::size_t row, std::size_t column) const {
    return WallTime(std::chrono::microseconds(int64(row, column)));
}

std::optional<WallTime> Rows::optional_time_us(std::size_t row, std::size_t column) const {
    if (is_null(row, column)) {
        return std::nullopt;
    }
    return time_us(row, column);
}

std::int64_t Rows::affected() const {
    if (result_ == nullptr) {
        return 0;
    }
    // libpq declares the argument non-const, but only reads it.
    const std::string_view count = PQcmdTuples(static_cast<PGresult*>(result_.get()));
    return count.empty() ? 0 : parse<std::int64_t>(count, 0, 0);
}

}  // namespace pgmind::postgres
