#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "base/result.hpp"
#include "platform/postgres/connection_options.hpp"

namespace pgmind::cluster {

/// Reads how to log in to each node. invalid_request, in one line, when nodes are missing or
/// unknown, when others may write the file or read the passwords in it, and when a password would
/// go to another machine over a connection that need not be encrypted.
Result<std::map<std::string, postgres::ConnectionOptions>> read_service_file(
    const std::filesystem::path& file);

}  // namespace pgmind::cluster
