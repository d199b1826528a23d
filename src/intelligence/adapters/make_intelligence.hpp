#pragma once

#include <memory>

#include "intelligence/api/intelligence.hpp"
#include "intelligence/app/ports.hpp"
#include "platform/postgres/pool_directory.hpp"

namespace pgmind::intelligence {

/// The Intelligence context of one worker. `pools` belongs to the same worker and outlives it;
/// `embedder` is null when none is configured (make_http_embedder makes one).
std::unique_ptr<Intelligence> make_intelligence(postgres::PoolDirectory& pools,
                                                std::unique_ptr<Embedder> embedder);

}  // namespace pgmind::intelligence
