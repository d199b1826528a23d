#pragma once

#include "ruhnsw/node.hpp"
#include "ruhnsw/search.hpp"

// Making a stored node part of its tenant's graph.
namespace pgmind::ruhnsw {

// The edges of one level between the new node and those it chose, encoded for both directions.
struct LevelPlan {
    uint32 count;
    SlotId* ids;  // the nearest first
    graph::EdgeFactors* factors;
    uint8* codes;
    graph::EdgeFactors* reverse_factors;
    uint8* reverse_codes;
};

struct LinkPlan {
    int level;  // highest of the node
    LevelPlan levels[level_max + 1];
    // Nodes of level 0 with the very same vector and room for a row, the first few.
    SlotId same[4];
    int same_count;
};

// The level of a node, from its row's place: the same table gives the same graph.
int choose_level(const Index& index, ItemPointerData tid);

// Searches the graph for the neighbours of `vector`; `self` is not one of them. Memory comes from
// the current context.
void plan_links(const Index& index, Tenant* tenant, const float* vector, int level, SlotId self,
                uint32 ef_construction, LinkPlan* plan);

// Links the stored node `id` as planned, both ways. A node that is gone or linked is left alone.
void connect(const Index& index, Tenant* tenant, SlotId id, const float* vector, VectorPlace place,
             ItemPointerData tid, uint32 ef_construction, LinkPlan* plan);

// Replaces or adds the edge to `child` in the list of `parent`; false if it is not worth keeping
// there. `must_add`: it is kept anyway.
bool add_edge(const Index& index, const Tenant& tenant, SlotId parent, int level, SlotId child,
              graph::EdgeFactors factors, const uint8* code, bool must_add);

// Adds an edge from `parent` to the slot `child`, of that vector, that is never given up. False if
// `parent` is no live slot of the graph or has no room for one more such edge.
bool pin_edge(const Index& index, const Tenant& tenant, SlotId parent, int level, SlotId child,
              const float* vector);

// Makes a live node the entry of a graph that has no live one; false if it has.
bool set_lost_entry(const Index& index, Tenant* tenant, SlotId id);

// Moves the nodes of list pages to node pages. The caller alone does so for the tenant.
void widen_list(const Index& index, Tenant* tenant);

// Turns a tenant that is none into a graph, or waits for another process that is doing so.
void make_graph(const Index& index, Tenant* tenant, uint32 ef_construction);

}  // namespace pgmind::ruhnsw
