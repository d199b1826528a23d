#pragma once

#include <optional>
#include <string>

#include "async/blocking_pool.hpp"
#include "async/task.hpp"

namespace pgmind::app {

/// Reads lines from a descriptor of any kind (a pipe, a terminal, a file) without holding the loop:
/// a thread of its own waits for input. Belongs to one loop.
class LineInput {
  public:
    /// The descriptor stays the caller's.
    explicit LineInput(int descriptor) : descriptor_(descriptor) {}

    /// The next line without its end; nullopt at the end of input. Fails when a line is longer than
    /// `line_bytes_max` or reading fails.
    Task<Result<std::optional<std::string>>> next(std::size_t line_bytes_max);

  private:
    int descriptor_;
    std::string buffer_;
    std::size_t searched_ = 0;
    bool ended_ = false;
    async::BlockingPool reader_{1, 1};
};

}  // namespace pgmind::app
