#pragma once

#include <memory>

#include "memory/app/ports.hpp"
#include "platform/postgres/pool_directory.hpp"

namespace pgmind::memory {

/// Namespaces in PostgreSQL. `pools` outlives it; it belongs to the same worker.
std::unique_ptr<NamespaceStorage> make_postgres_namespaces(postgres::PoolDirectory& pools);

}  // namespace pgmind::memory
