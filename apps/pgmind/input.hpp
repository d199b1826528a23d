#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/result.hpp"

namespace pgmind::app {

// What people give to commands: JSON in options, values on standard input, words from a list.

/// The text if it is JSON; else an invalid_argument naming the option.
Result<std::string> checked_json(const std::string& option, const std::string& text);

/// All of standard input, at most `bytes_max` (payload_too_large beyond).
Result<std::string> read_standard_input(std::size_t bytes_max);

/// For options that take one of these words; --help and shell completion show them.
CLI::Validator one_of(std::vector<std::string> words);
/// The words that one_of() allows; none for other options.
std::vector<std::string> words_of(const CLI::Option& option);

/// For options that take a whole number of a range.
CLI::Validator whole_number(std::int64_t minimum, std::int64_t maximum = INT64_MAX);

/// The type name of options that take the path of a file, for help and shell completion.
inline constexpr const char* kFileType = "FILE";

/// Asks on the terminal and gives true for "y" or "yes". Without a terminal to ask on: an
/// invalid_argument that says to use --yes.
Result<bool> confirm(const std::string& question);

}  // namespace pgmind::app
