#pragma once

#include <cstdint>
#include <istream>
#include <memory>
#include <string>

#include "base/result.hpp"

namespace pgmind::app {

/// Reads a file or standard input in parts for an upload, and says how far it is. Used by one
/// thread.
class NdjsonInput {
  public:
    /// `path` "-": standard input.
    static Result<NdjsonInput> open(const std::string& path);

    /// Bytes of a regular file; 0 for anything else.
    std::int64_t total_bytes() const { return total_bytes_; }
    std::int64_t bytes_read() const { return bytes_read_; }
    /// Told by its first bytes, so that a compressed file may have any name.
    bool is_gzip() const { return gzip_; }

    /// The next part, empty at the end.
    Result<std::string> next();

  private:
    NdjsonInput(std::string name, std::istream* stream, std::unique_ptr<std::istream> owned)
        : name_(std::move(name)), stream_(stream), owned_(std::move(owned)) {}
    Result<std::string> read();

    std::string name_;
    std::istream* stream_;
    std::unique_ptr<std::istream> owned_;
    std::string first_;  ///< read to look at it, not given yet
    std::int64_t total_bytes_ = 0;
    std::int64_t bytes_read_ = 0;
    bool gzip_ = false;
};

}  // namespace pgmind::app
