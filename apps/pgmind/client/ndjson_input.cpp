#include "client/ndjson_input.hpp"

#include <filesystem>
#include <fstream>
#include <iostream>

#include "client/api_error.hpp"

namespace pgmind::app {
namespace {

constexpr std::size_t kPartBytes = 64 * 1024;

}  // namespace

Result<NdjsonInput> NdjsonInput::open(const std::string& path) {
    const bool standard = path == "-";
    std::unique_ptr<std::istream> file;
    std::error_code problem;
    if (!standard) {
        if (std::filesystem::is_directory(path, problem)) {
            return fail(invalid_argument("file", path + " is a directory, not a file"));
        }
        file = std::make_unique<std::ifstream>(path, std::ios::binary);
        if (!*file) {
            return fail(invalid_argument("file", "cannot read " + path));
        }
    }
    std::istream* stream = standard ? &std::cin : file.get();
    NdjsonInput input(standard ? "standard input" : path, stream, std::move(file));
    if (!standard && std::filesystem::is_regular_file(path, problem)) {
        const auto size = std::filesystem::file_size(path, problem);
        input.total_bytes_ = problem ? 0 : static_cast<std::int64_t>(size);
    }
    auto first = input.read();
    if (!first) {
        return fail(std::move(first.error()));
    }
    input.gzip_ = first->starts_with("\x1f\x8b");
    input.first_ = std::move(*first);
    return input;
}

Result<std::string> NdjsonInput::read() {
    std::string part(kPartBytes, '\0');
    stream_->read(part.data(), static_cast<std::streamsize>(part.size()));
    if (stream_->bad()) {
        return fail(client_error(Failure::internal, "cannot read on in " + name_));
    }
    part.resize(static_cast<std::size_t>(stream_->gcount()));
    return part;
}

Result<std::string> NdjsonInput::next() {
    Result<std::string> part = first_.empty() ? read() : Result<std::string>(std::move(first_));
    first_.clear();
    if (part) {
        bytes_read_ += static_cast<std::int64_t>(part->size());
    }
    return part;
}

}  // namespace pgmind::app
