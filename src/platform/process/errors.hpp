#pragma once

#include <string>
#include <system_error>

#include "base/error.hpp"

namespace pgmind::process {

/// Failures of processes and files. Error::reason carries the name of the errno ("ENOSPC") where
/// the kernel gave one.
enum class Errc {
    not_found = 1,      ///< not_found: no such file, program, user or process
    not_permitted,      ///< permission_denied: the file system or the kernel refuses this user
    no_space,           ///< resource_exhausted: disk or quota full
    in_use,             ///< already_exists: somebody else holds the lock, the port or the name
    deadline_exceeded,  ///< deadline_exceeded: it still runs; what was said of it holds no more
    failed              ///< internal: anything else
};
std::error_code make_error_code(Errc code);

/// The error of a system call that failed with `number`: "cannot <doing>: <what errno says>".
Error system_error(const std::string& doing, int number);

}  // namespace pgmind::process

template <>
struct std::is_error_code_enum<pgmind::process::Errc> : std::true_type {};
