#pragma once

#include <CLI/CLI.hpp>

#include "base/error.hpp"
#include "settings.hpp"

namespace pgmind::app {

/// How a command ends. Scripts may rely on these.
enum class Exit : int {
    success = 0,
    failure = 1,  ///< anything not listed here
    usage = 2,    ///< wrong words on the command line, bad input, bad configuration
    not_found = 3,
    denied = 4,       ///< no key, a wrong key, or not allowed
    unavailable = 5,  ///< the server cannot be reached or cannot serve now
    conflict = 6      ///< already exists, or changed meanwhile
};

Exit exit_of(Failure failure);

/// What a command needs to add itself and to run. A command registers a CLI11 subcommand whose
/// callback sets `run`; main calls it after parsing, so that no work happens while parsing.
struct CommandLine {
    CLI::App& app;
    GlobalOptions& options;
    std::function<Exit()>& run;
};

/// Prints "error: ..." to standard error (with the field and reason it names) and gives the exit.
Exit report(const Error& error);
/// Prints each problem of a configuration on a line of its own; true when there were any.
bool report_problems(const std::vector<config::Problem>& problems);

// One function per command, each in commands/NAME.cpp.
void add_config_command(CommandLine line);

}  // namespace pgmind::app
