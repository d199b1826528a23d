#pragma once

#include <memory>

#include "memory/app/ports.hpp"
#include "platform/postgres/pool_directory.hpp"

namespace pgmind::memory {

/// Entries in PostgreSQL. `pools` outlives it; it belongs to the same worker.
std::unique_ptr<EntryStorage> make_postgres_entries(postgres::PoolDirectory& pools);

}  // namespace pgmind::memory
