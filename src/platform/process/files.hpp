#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include <sys/types.h>

#include "base/result.hpp"
#include "platform/process/file_descriptor.hpp"
#include "platform/process/identity.hpp"

namespace pgmind::process {

// All of these block: call them where blocking is allowed (start-up, a loop of one's own, the
// BlockingPool).

/// Writes a file so that after a crash either the old or the new content is there, whole and on
/// disk: temporary file in the same directory, fsync, rename, fsync of the directory. `mode` is set
/// whatever the umask. With an `owner` the file is given to it (needs root).
Result<void> write_atomically(const std::filesystem::path& path, std::string_view content,
                              mode_t mode, const Identity* owner = nullptr);

/// Reads a whole file; one larger than `bytes_max` is an error.
Result<std::string> read_file(const std::filesystem::path& path, std::size_t bytes_max);

/// The last `bytes_max` bytes of a file, from the beginning of a line where possible; empty when
/// there is no such file.
std::string read_tail(const std::filesystem::path& path, std::size_t bytes_max);

/// Makes the directory (with its parents, mode 0755) if it is missing, and sets its mode and owner.
/// A path that is something else is an error.
Result<void> ensure_directory(const std::filesystem::path& path, mode_t mode,
                              const Identity* owner = nullptr);

/// Bytes that an ordinary user can still write to the file system of `path` (or of its nearest
/// existing parent).
Result<std::uint64_t> free_bytes(const std::filesystem::path& path);

/// Makes the names in a directory durable.
Result<void> sync_directory(const std::filesystem::path& path);

/// Holds an exclusive flock(2) on a file that names the process which holds it. The lock ends with
/// the process, however it ends; children do not inherit it.
class FileLock {
  public:
    /// Errc::in_use, with the pid of the holder in Error::reason, when somebody else holds it.
    static Result<FileLock> take(const std::filesystem::path& path);

  private:
    explicit FileLock(FileDescriptor descriptor) : descriptor_(std::move(descriptor)) {}
    FileDescriptor descriptor_;
};

}  // namespace pgmind::process
