#pragma once

#include <string>

#include "async/task.hpp"
#include "platform/postgres/connection_options.hpp"

namespace pgmind::memory {

/// What a configuration says of the Memory context.
struct MemorySettings {
    std::string text_language;  ///< of new namespaces: a PostgreSQL text search configuration
};

/// Writes the settings into one database of a shard, on a connection of its own, as role
/// pgmind_gateway. Namespaces that exist keep what they have. unknown_text_language when the
/// server has no such configuration.
Task<Result<void>> configure_database(postgres::ConnectionOptions database, MemorySettings settings,
                                      Deadline deadline);

}  // namespace pgmind::memory
