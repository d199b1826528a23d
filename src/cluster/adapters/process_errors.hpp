#pragma once

#include <filesystem>
#include <string>

#include "base/error.hpp"

namespace pgmind::cluster {

/// An error of platform/process in the words of this context; the detail stays.
Error from_process(const Error& error);

/// The line that says why a program of PostgreSQL failed, out of what it wrote: what follows the
/// first "error:" of initdb, or the last "FATAL:" or "PANIC:"; else the last line.
std::string reason_in(const std::string& output);

/// node_failed with that line, or disk_full or port_in_use when the output says so.
Error from_output(const std::string& doing, const std::string& output);

}  // namespace pgmind::cluster
