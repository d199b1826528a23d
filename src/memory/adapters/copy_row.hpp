#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace pgmind::memory {

/// Reads one row of the binary format of COPY TO, field after field. A row of another shape throws:
/// it is a bug. Views point into the row.
class CopyRow {
  public:
    /// `chunk` holds one row, the first of a stream after the header.
    explicit CopyRow(std::string_view chunk);

    /// True for the end of the stream, which is no row.
    bool end() const { return end_; }
    std::optional<std::string_view> next();
    std::string_view next_text();
    std::string_view next_jsonb();
    std::string next_uuid();
    std::int64_t next_int64();
    std::optional<WallTime> next_time();

  private:
    std::string_view take(std::size_t bytes);

    std::string_view rest_;
    bool end_ = false;
};

/// A vector from what its send function wrote.
std::vector<float> read_binary_vector(std::string_view bytes);

}  // namespace pgmind::memory
