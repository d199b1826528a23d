#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace pgmind::integration::rest {

/// Cuts a stream of bytes into lines. Blank lines are counted, not given. A sans-I/O state machine:
/// feed() with what arrives, then next() until it gives nothing; finish() after the last byte.
class LineSplitter {
  public:
    explicit LineSplitter(std::size_t line_bytes_max) : line_bytes_max_(line_bytes_max) {}

    void feed(std::string_view bytes);
    void finish() { finished_ = true; }

    /// The next line, valid until the next call; nullopt when more bytes are needed (or none are
    /// left). payload_too_large when a line is longer than allowed.
    Result<std::optional<std::string_view>> next();

    /// Of the line that next() gave last; from 1.
    std::int64_t line_number() const { return line_number_; }

  private:
    std::size_t line_bytes_max_;
    std::string buffer_;
    std::size_t at_ = 0;        ///< where the next line begins
    std::size_t searched_ = 0;  ///< no line end before this place
    std::int64_t line_number_ = 0;
    bool finished_ = false;
};

}  // namespace pgmind::integration::rest
