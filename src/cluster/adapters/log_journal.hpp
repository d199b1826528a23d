#pragma once

#include <memory>

#include "cluster/app/ports.hpp"

namespace pgmind::cluster {

/// Writes what happens to the nodes into the process's log.
std::unique_ptr<Journal> make_log_journal();

}  // namespace pgmind::cluster
