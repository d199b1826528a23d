#pragma once

#include "command.hpp"

namespace pgmind::app {

/// `pgmind up`: the only command that runs a server; the others talk to one.
void add_up_command(CommandLine line);

}  // namespace pgmind::app
