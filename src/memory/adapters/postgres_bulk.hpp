#pragma once

#include <memory>

#include "memory/app/ports.hpp"
#include "platform/postgres/pool_directory.hpp"

namespace pgmind::memory {

/// Imports, exports and expiry in PostgreSQL, each on a connection of its own while it runs.
/// `pools` outlives it; it belongs to the same worker.
std::unique_ptr<BulkStorage> make_postgres_bulk(postgres::PoolDirectory& pools);

}  // namespace pgmind::memory
