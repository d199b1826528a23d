#include "platform/process/files.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "platform/process/errors.hpp"

namespace pgmind::process {
namespace {

Result<void> write_all(int descriptor, std::string_view content, const std::string& doing) {
    while (!content.empty()) {
        const ssize_t written = ::write(descriptor, content.data(), content.size());
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return fail(system_error(doing, errno));
        }
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

Result<void> write_and_sync(int descriptor, std::string_view content, mode_t mode,
                            const Identity* owner, const std::string& doing) {
    Result<void> written = write_all(descriptor, content, doing);
    if (!written) {
        return written;
    }
    if (owner != nullptr && ::fchown(descriptor, owner->uid, owner->gid) != 0) {
        return fail(system_error("give a file to " + owner->name, errno));
    }
    if (::fchmod(descriptor, mode) != 0 || ::fsync(descriptor) != 0) {
        return fail(system_error(doing, errno));
    }
    return {};
}

}  // namespace

void FileDescriptor::close() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
        descriptor_ = -1;
    }
}

Result<void> write_atomically(const std::filesystem::path& path, std::string_view content,
                              mode_t mode, const Identity* owner) {
    const std::string doing = "write " + path.string();
    std::string temporary = path.string() + ".new-XXXXXX";
    const FileDescriptor descriptor(::mkostemp(temporary.data(), O_CLOEXEC));
    if (!descriptor.valid()) {
        return fail(system_error(doing, errno));
    }
    Result<void> written = write_and_sync(descriptor.get(), content, mode, owner, doing);
    if (!written) {
        ::unlink(temporary.c_str());
        return written;
    }
    if (::rename(temporary.c_str(), path.c_str()) != 0) {
        const int failure = errno;
        ::unlink(temporary.c_str());
        return fail(system_error(doing, failure));
    }
    return sync_directory(path.parent_path());
}

Result<std::string> read_file(const std::filesystem::path& path, std::size_t bytes_max) {
    const std::string doing = "read " + path.string();
    // O_NONBLOCK: a pipe put in place of the file must not hold the caller up.
    const FileDescriptor descriptor(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (!descriptor.valid()) {
        return fail(system_error(doing, errno));
    }
    // One byte more than allowed tells a file that is too large from one that just fits.
    std::string content(bytes_max + 1, '\0');
    std::size_t size = 0;
    while (size < content.size()) {
        const ssize_t count =
            ::read(descriptor.get(), content.data() + size, content.size() - size);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return fail(system_error(doing, errno));
        }
        if (count == 0) {
            content.resize(size);
            return content;
        }
        size += static_cast<std::size_t>(count);
    }
    return fail(Errc::failed, "cannot read " + path.string() + ": it is larger than " +
                                  std::to_string(bytes_max) + " bytes");
}

std::string read_tail(const std::filesystem::path& path, std::size_t bytes_max) {
    const FileDescriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat facts{};
    if (!descriptor.valid() || ::fstat(descriptor.get(), &facts) != 0) {
        return {};
    }
    const auto size = static_cast<std::size_t>(facts.st_size);
    const std::size_t skipped = size > bytes_max ? size - bytes_max : 0;
    std::string tail(size - skipped, '\0');
    const ssize_t count =
        ::pread(descriptor.get(), tail.data(), tail.size(), static_cast<off_t>(skipped));
    tail.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    const std::size_t line_end = tail.find('\n');
    if (skipped > 0 && line_end != std::string::npos) {
        tail.erase(0, line_end + 1);
    }
    return tail;
}

Result<void> ensure_directory(const std::filesystem::path& path, mode_t mode,
                              const Identity* owner) {
    const std::string doing = "make the directory " + path.string();
    std::error_code failure;
    if (path.has_parent_path()) {
        std::filesystem::create_directories(path.parent_path(), failure);
        if (failure) {
            return fail(system_error(doing, failure.value()));
        }
    }
    if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) {
        return fail(system_error(doing, errno));
    }
    // Through a descriptor: a link put in place of the directory meanwhile changes nothing else.
    const FileDescriptor descriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!descriptor.valid()) {
        return fail(system_error("use the directory " + path.string(), errno));
    }
    struct stat facts{};
    if (::fstat(descriptor.get(), &facts) != 0) {
        return fail(system_error(doing, errno));
    }
    const bool given =
        owner == nullptr || (facts.st_uid == owner->uid && facts.st_gid == owner->gid);
    if (!given && ::fchown(descriptor.get(), owner->uid, owner->gid) != 0) {
        return fail(system_error("give " + path.string() + " to " + owner->name, errno));
    }
    if ((facts.st_mode & 07777) != mode && ::fchmod(descriptor.get(), mode) != 0) {
        return fail(system_error("set the mode of " + path.string(), errno));
    }
    return {};
}

Result<std::uint64_t> free_bytes(const std::filesystem::path& path) {
    std::filesystem::path existing = path;
    std::error_code ignored;
    while (!std::filesystem::exists(existing, ignored) && existing.has_relative_path()) {
        existing = existing.parent_path();
    }
    struct statvfs facts{};
    if (::statvfs(existing.c_str(), &facts) != 0) {
        return fail(system_error("ask how full the disk of " + path.string() + " is", errno));
    }
    return static_cast<std::uint64_t>(facts.f_bavail) * facts.f_frsize;
}

Result<void> sync_directory(const std::filesystem::path& path) {
    const FileDescriptor descriptor(
        ::open(path.empty() ? "." : path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!descriptor.valid() || ::fsync(descriptor.get()) != 0) {
        return fail(system_error("write the directory " + path.string() + " to disk", errno));
    }
    return {};
}

Result<FileLock> FileLock::take(const std::filesystem::path& path) {
    FileDescriptor descriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!descriptor.valid()) {
        return fail(system_error("open the lock file " + path.string(), errno));
    }
    if (::flock(descriptor.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) {
            return fail(system_error("lock " + path.string(), errno));
        }
        Error error(Errc::in_use, path.string() + " is locked by another process");
        const Result<std::string> holder = read_file(path, 32);
        error.reason = holder ? holder->substr(0, holder->find('\n')) : "";
        return fail(std::move(error));
    }
    // Only the reader of an error message needs the pid: without it the lock holds all the same.
    const std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(descriptor.get(), 0) != 0) {
        return fail(system_error("write " + path.string(), errno));
    }
    Result<void> written = write_all(descriptor.get(), pid, "write " + path.string());
    if (!written) {
        return fail(std::move(written.error()));
    }
    return FileLock(std::move(descriptor));
}

}  // namespace pgmind::process
