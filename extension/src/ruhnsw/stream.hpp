#pragma once

#include "ruhnsw/exact.hpp"
#include "ruhnsw/search.hpp"

// One tenant's rows in the order of their distance to a query, as many as are asked for.
namespace pgmind::ruhnsw {

struct Stream {
    const Index* index;
    Tenant tenant;
    const float* query;  // as prepare_vector made it; null: any order, every row
    MemoryContext memory;
    Search search;

    // The settings when the scan began: a cursor goes on by them.
    bool is_strict = false;
    bool goes_on = false;
    uint32 ef = 0;
    uint64 nodes_max = 0;

    bool is_started = false;
    bool is_at_end = false;
    bool reads_all = false;                      // every row comes with the first batch
    BlockNumber next_page = InvalidBlockNumber;  // without a query: of the chain, to be read next
    uint32* batch = nullptr;                     // places in search.found, ascending by distance
    uint32 batch_count = 0;
    uint32 batch_next = 0;
    uint32 tid_next = 0;  // of the row that comes next
    // The row returned last, until it is confirmed.
    SlotId taken_node = invalid_slot;
    float taken_distance = 0;
    float last_distance = 0;  // of the last confirmed row
    // In strict order only: the nodes returned at last_distance, and the rows beyond the search.
    SlotId* last_nodes = nullptr;
    uint32 last_count = 0;
    uint32 last_room = 0;
    SortedRows* rest = nullptr;
};

Stream* open_stream(const Index& index, const Tenant& tenant, const float* query,
                    MemoryContext memory);
// The distance of the next row; false at the end.
bool peek_row(Stream* stream, float* distance);
// After peek_row said true.
ItemPointerData take_row(Stream* stream);
// The row that take_row gave may be seen by somebody: in strict order nothing nearer comes any
// more. Not called for rows whose tuples are dead, which do not count.
void confirm_row(Stream* stream);
// Before its memory goes.
void close_stream(Stream* stream);

}  // namespace pgmind::ruhnsw
