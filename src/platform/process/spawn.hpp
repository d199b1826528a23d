#pragma once

#include "base/result.hpp"
#include "platform/process/child.hpp"
#include "platform/process/file_descriptor.hpp"

namespace pgmind::process {

/// What Child and run() share: fork and execute, with both outputs of the child going to
/// `output` (a descriptor of 3 or more; discarded when it owns none). Gives the pid of a child that
/// has executed its program.
Result<pid_t> fork_and_execute(const Command& command, const FileDescriptor& output);

/// Opens a descriptor that is not one of the three standard ones.
FileDescriptor above_standard(FileDescriptor descriptor);

}  // namespace pgmind::process
