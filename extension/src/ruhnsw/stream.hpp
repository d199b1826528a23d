#pragma once

#include "ruhnsw/search.hpp"

// One tenant's rows in the order of their distance to a query, as many as are asked for.
namespace pgmind::ruhnsw {

struct Stream {
    const Index* index;
    Tenant tenant;
    const float* query;  // as prepare_vector made it; null: any order, every row
    MemoryContext memory;
    Search search;

    bool is_started = false;
    bool is_at_end = false;
    uint32* batch = nullptr;  // places in search.found, ascending by distance
    uint32 batch_count = 0;
    uint32 batch_next = 0;
    uint32 tid_next = 0;  // of the row that comes next
    float last_distance = 0;
};

Stream* open_stream(const Index& index, const Tenant& tenant, const float* query,
                    MemoryContext memory);
// The distance of the next row; false at the end.
bool peek_row(Stream* stream, float* distance);
// After peek_row said true.
ItemPointerData take_row(Stream* stream);

}  // namespace pgmind::ruhnsw
