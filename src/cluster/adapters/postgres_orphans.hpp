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

/// Kills what is left of an initdb that worked in `data` (absolute, without links): itself and the
/// PostgreSQL that it ran, which may outlive it by a shutdown. What they made is worth nothing.
Task<Result<void>> end_initialisation(std::filesystem::path data);

}  // namespace pgmind::cluster
