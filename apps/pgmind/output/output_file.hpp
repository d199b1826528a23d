#pragma once

#include <fstream>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace pgmind::app {

/// A file that appears whole or not at all: it is written beside its place under another name and
/// moved there by commit(). What was not committed is deleted. Not durable before the system has
/// written its caches. What is no regular file (a device, a pipe) is written to as it is.
class OutputFile {
  public:
    static Result<OutputFile> create(const std::string& path);
    OutputFile(OutputFile&&) noexcept = default;
    OutputFile& operator=(OutputFile&&) = delete;
    ~OutputFile();

    Result<void> write(std::string_view bytes);
    Result<void> commit();

  private:
    OutputFile(std::string path, std::string temporary, std::ofstream stream)
        : path_(std::move(path)), temporary_(std::move(temporary)), stream_(std::move(stream)) {}

    std::string path_;
    std::string temporary_;
    std::ofstream stream_;
};

}  // namespace pgmind::app
