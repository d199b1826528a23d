#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace pgmind::postgres {

/// The answer to a statement: rows in text format, or the number of rows changed. Cheap to move and
/// to copy (shared, immutable). Views point into it. Asking for a row or column that is not there,
/// or for a number where there is none, is a bug and throws.
class Rows {
  public:
    Rows() = default;
    /// Takes ownership of a PGresult.
    explicit Rows(void* result);

    std::size_t size() const;
    bool empty() const { return size() == 0; }
    std::size_t columns() const;
    bool is_null(std::size_t row, std::size_t column) const;
    /// The text of a value; empty for NULL.
    std::string_view text(std::size_t row, std::size_t column) const;
    std::int64_t int64(std::size_t row, std::size_t column) const;
    std::optional<std::int64_t> optional_int64(std::size_t row, std::size_t column) const;
    double real(std::size_t row, std::size_t column) const;
    bool boolean(std::size_t row, std::size_t column) const;
    /// A timestamptz selected as `(extract(epoch from t) * 1000000)::bigint`.
    WallTime time_us(std::size_t row, std::size_t column) const;
    std::optional<WallTime> optional_time_us(std::size_t row, std::size_t column) const;
    /// Rows inserted, updated or deleted.
    std::int64_t affected() const;

  private:
    std::shared_ptr<void> result_;
};

}  // namespace pgmind::postgres
