#pragma once

#include "ruhnsw/link.hpp"

namespace pgmind::ruhnsw {

// One row: its key's tenant gets its vector. Memory comes from the current context, to be reset by
// the caller.
void insert_row(const Index& index, const Key& key, const float* values, int dimensions,
                ItemPointerData tid, uint32 ef_construction);

// The same from an index tuple's values; rows that are not indexed (NULL key or vector, a vector
// without direction) are skipped. False if skipped.
bool insert_values(const Index& index, const Datum* values, const bool* nulls, ItemPointerData tid,
                   uint32 ef_construction);

}  // namespace pgmind::ruhnsw
