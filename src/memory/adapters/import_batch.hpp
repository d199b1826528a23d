#pragma once

#include <vector>

#include "memory/app/ports.hpp"
#include "platform/postgres/pool.hpp"

namespace pgmind::memory {

/// Writes one batch in one transaction: COPY into a temporary table, then one INSERT ... SELECT ...
/// ON CONFLICT from it. `pool` and `entries` outlive the call.
Task<Result<ImportedBatch>> write_batch(postgres::Pool& pool, const RequestContext& request,
                                        const std::vector<StoreRequest>& entries);

}  // namespace pgmind::memory
