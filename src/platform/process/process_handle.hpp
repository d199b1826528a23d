#pragma once

#include <filesystem>
#include <optional>

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <sys/types.h>

#include "async/task.hpp"
#include "platform/process/file_descriptor.hpp"

namespace pgmind::process {

/// A process by pidfd: a signal sent through it can never reach another process that got the same
/// pid later. For processes of others too (one that a former run of this program left behind).
/// Movable; belongs to one event loop where it waits.
class ProcessHandle {
  public:
    /// nullopt when there is no such process (or this user may not see it).
    static std::optional<ProcessHandle> open(pid_t pid);

    pid_t pid() const { return pid_; }
    int descriptor() const { return descriptor_.get(); }
    /// False when it has ended or may not be signalled by this user.
    bool signal(int number) const;
    /// True when it has ended (a zombie has).
    bool has_ended() const;

    /// The program file that it runs, empty when that cannot be seen.
    std::filesystem::path executable() const;
    std::filesystem::path working_directory() const;

    /// False when the deadline passes first.
    Task<bool> wait_until_ended(Deadline deadline) const;

  private:
    ProcessHandle(pid_t pid, FileDescriptor descriptor)
        : pid_(pid), descriptor_(std::move(descriptor)) {}

    pid_t pid_;
    FileDescriptor descriptor_;
};

}  // namespace pgmind::process
