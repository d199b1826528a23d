#pragma once

#include <memory>

#include "memory/app/ports.hpp"
#include "platform/postgres/pool_directory.hpp"

namespace pgmind::memory {

std::unique_ptr<SealingStorage> make_postgres_sealing(postgres::PoolDirectory& pools);

}  // namespace pgmind::memory
