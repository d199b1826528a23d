#pragma once

#include <string>

#include "base/result.hpp"

namespace pgmind::app {

// Secrets that people give. Never an argument: arguments stand in process lists and histories.

/// The first line of `file`, or of standard input for "-". Without a file: asked for on the
/// terminal, without showing what is typed. invalid_argument naming `option` when there is neither,
/// or nothing in it.
Result<std::string> read_secret(const std::string& prompt, const std::string& option,
                                const std::string& file);

/// A password that is to be set: as read_secret(), on a terminal asked for twice.
Result<std::string> read_new_password(const std::string& option, const std::string& file);

/// One line from the terminal, shown while it is typed: for codes that are of no use twice.
Result<std::string> read_from_terminal(const std::string& prompt, const std::string& option);

}  // namespace pgmind::app
