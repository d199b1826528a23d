#pragma once

#include <filesystem>

#include "cluster/adapters/secrets.hpp"
#include "platform/postgres/connection_options.hpp"

namespace pgmind::cluster {

/// How a command on the same machine reaches the coordinator of a data directory that a pgmind
/// serves: over its private socket, as whoever may read the directory's secrets. broken_state when
/// nothing runs there. Blocks.
Result<postgres::ConnectionOptions> local_coordinator(const std::filesystem::path& directory,
                                                      Role role);

}  // namespace pgmind::cluster
