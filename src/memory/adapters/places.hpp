#pragma once

#include <string>
#include <string_view>

#include "memory/app/ports.hpp"
#include "platform/postgres/pool_directory.hpp"

namespace pgmind::memory {

/// The database of a scope: "project" or "shared". `both` is a bug and throws.
std::string_view database_of(Scope scope);

inline Result<postgres::Pool*> pool_at(postgres::PoolDirectory& pools, const Place& place) {
    return pools.find(place.shard.value(), database_of(place.scope));
}

/// Turns the refusals of pgmind.memory_store() and its kin (SQLSTATE class PM) into this context's
/// errors; other errors pass as they are.
Error to_memory_error(Error error);

}  // namespace pgmind::memory
