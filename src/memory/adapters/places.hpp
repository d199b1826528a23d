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

/// The vector index refused an entry because of vectors that were deleted: try again after VACUUM.
bool is_stale_index(const Error& error);

/// Turns the refusals of pgmind.memory_store() and its kin (SQLSTATE class PM) into this context's
/// errors, and the refusal of an index that is behind into `unavailable`; other errors pass as they
/// are.
Error to_memory_error(Error error);

}  // namespace pgmind::memory
