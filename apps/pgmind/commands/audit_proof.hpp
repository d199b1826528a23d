#pragma once

#include "command.hpp"

namespace pgmind::app {

/// `pgmind audit export`, `verify`, `retain`, `schema` and `key`: what is done on the server's
/// machine, or offline.
void add_audit_proof_commands(CommandLine line);

}  // namespace pgmind::app
