#pragma once

#include "command.hpp"

namespace pgmind::app {

// Commands of the group `pgmind auth`, each in a file of its own.
void add_auth_explain_command(CommandLine line, CLI::App* group);

}  // namespace pgmind::app
