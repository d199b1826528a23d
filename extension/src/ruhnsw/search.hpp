#pragma once

#include "graph/candidate_heap.hpp"
#include "graph/codes.hpp"
#include "graph/node_set.hpp"
#include "ruhnsw/tenant.hpp"

// The search of one tenant's graph. One page read per step: the exact distance of the step's node
// and the estimated distances of all its neighbours. The nearest by estimate is the next step,
// until `ef` nodes are known exactly and no estimate is nearer than the farthest of them.
namespace pgmind::ruhnsw {

// What a step copies from its page.
struct Found {
    SlotId id;
    SlotId below;
    SlotId base;  // the node, which at level 0 is the slot itself
    float distance;
    bool live;
    uint8 tid_count;
    ItemPointerData tids[heap_tids_max];
};

// Kept across calls; all memory comes from `memory`.
struct Search {
    const Index* index;
    const Tenant* tenant;
    const float* query;  // as prepare_vector made it
    MemoryContext memory;
    bool keeps_vectors;  // copies of those found, for inserts
    bool resumable;      // keeps everything met, to go on after the first ef

    graph::Frontier frontier{nullptr, 0};
    graph::Nearest nearest{nullptr, 0};  // of places in `found`
    graph::NodeSet seen{nullptr, 0};
    // Found nodes that made room for nearer ones, by place; resumable searches only.
    uint32* set_aside = nullptr;
    uint32 set_aside_count = 0;
    uint32 set_aside_room = 0;

    // Links that led too far away for the run, some more than once; resumable searches only.
    graph::Candidate* passed = nullptr;
    uint32 passed_count = 0;
    uint32 passed_room = 0;

    Found* found = nullptr;
    float* vectors = nullptr;  // geometry.rotated floats for each place of `found`
    uint32 found_count = 0;
    uint32 found_room = 0;

    graph::QueryCode* code = nullptr;
    SlotId* ids = nullptr;  // of the links of the last step
    float* estimates = nullptr;
    uint32 links = 0;
    uint32 ef = 0;  // of the run
    float* vector_buffer = nullptr;
    SlotId entry_base = invalid_slot;  // the node where the way down began
    uint64 steps = 0;                  // pages of nodes read since the search began
    // VACUUM gave a slot away between the step that met its id and the one that went there: what
    // only that slot led to is missed, as its new edges are on slots that were read before.
    bool has_lost_way = false;

    const float* vector_at(uint32 place) const {
        return vectors + static_cast<Size>(place) * tenant->geometry.rotated;
    }
};

// `search` has its first six members set.
void init_search(Search* search);
// Forgets everything met: for another level.
void clear_search(Search* search, uint32 ef);
// Room for `ef` in search->nearest, which must be empty.
void reserve_nearest(Search* search, uint32 ef);
// Keeps a found node for a search that goes on.
void set_aside(Search* search, uint32 place);
// Before a run that goes on: what the last one passed by is met now.
void take_up_passed(Search* search);
void add_start(Search* search, SlotId id);
// Goes on until `ef` are found or `steps_max` steps (in all) were made.
void run_search(Search* search, int level, uint32 ef, uint64 steps_max);

// From the root's entry down to the level above `level`; then the starts of `level` are set. False
// if the graph is empty or too much of it changed meanwhile, which a new root mends.
bool descend(Search* search, int level, uint32 ef);

// The places in `found` of the nearest, ascending by distance; empties search->nearest.
uint32* take_nearest(Search* search, uint32* count);

}  // namespace pgmind::ruhnsw
