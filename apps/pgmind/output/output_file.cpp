#include "output/output_file.hpp"

#include <filesystem>

#include <unistd.h>

#include "client/api_error.hpp"

namespace pgmind::app {

Result<OutputFile> OutputFile::create(const std::string& path) {
    std::error_code problem;
    if (std::filesystem::is_directory(path, problem)) {
        return fail(invalid_argument("--output", path + " is a directory, not a file"));
    }
    // Moving a file to the place of a symbolic link would replace the link, not what it names.
    const std::filesystem::path target = std::filesystem::weakly_canonical(path, problem);
    const std::filesystem::file_status status = std::filesystem::status(target, problem);
    const bool special =
        std::filesystem::exists(status) && !std::filesystem::is_regular_file(status);
    std::string temporary;
    if (!special) {
        temporary = target.string() + ".part" + std::to_string(getpid());
    }
    std::ofstream stream(special ? target.string() : temporary, std::ios::binary | std::ios::trunc);
    if (!stream) {
        return fail(invalid_argument("--output", "cannot write " + path));
    }
    return OutputFile(target.string(), std::move(temporary), std::move(stream));
}

OutputFile::~OutputFile() {
    // Not open once it was committed, nor in what was moved from.
    if (!temporary_.empty() && stream_.is_open()) {
        stream_.close();
        std::error_code ignored;
        std::filesystem::remove(temporary_, ignored);
    }
}

Result<void> OutputFile::write(std::string_view bytes) {
    stream_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!stream_) {
        return fail(client_error(Failure::internal, "cannot write to " + path_));
    }
    return {};
}

Result<void> OutputFile::commit() {
    stream_.flush();
    std::error_code problem;
    if (stream_ && !temporary_.empty()) {
        std::filesystem::rename(temporary_, path_, problem);
    }
    if (!stream_ || problem) {
        return fail(client_error(Failure::internal, "cannot write " + path_));
    }
    stream_.close();
    return {};
}

}  // namespace pgmind::app
