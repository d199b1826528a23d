#pragma once

#include <chrono>
#include <filesystem>

#include "async/task.hpp"

namespace pgmind::cluster {

/// Ends every process of a PostgreSQL that still works on `data` (absolute, without links) and was
/// not started by this run: the postmaster first, cleanly if the deadline allows it, so that its
/// own processes end with it; then what a killed postmaster left behind. Afterwards takes away a
/// postmaster.pid that names nobody, or somebody else. Processes are known by their program and
/// working directory, not by pid alone.
Task<Result<void>> end_orphans(std::filesystem::path data, Deadline deadline);

}  // namespace pgmind::cluster
