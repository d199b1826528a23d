#pragma once

#include "base/result.hpp"

namespace pgmind::process {

/// From now on the kernel writes no core dump of this process and lets nobody but root attach to it
/// or read its memory and environment in /proc. Programs that it starts are as they always were.
Result<void> keep_memory_private();

}  // namespace pgmind::process
