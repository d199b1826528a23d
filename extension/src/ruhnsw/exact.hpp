#pragma once

#include "ruhnsw/tenant.hpp"

// Exact scans: every node of a tenant, read along the chain of its pages.
namespace pgmind::ruhnsw {

// Called for each live node, with a copy of its slot's head; no lock is held.
using VisitNode = void (*)(void* context, SlotId id, const Slot& slot, float distance);

// `query` as prepare_vector made it; null: every distance is 0.
void visit_nodes(const Index& index, const Tenant& tenant, const float* query, VisitNode visit,
                 void* context);
// The same for one page of the chain of a tenant without list pages; returns the next,
// InvalidBlockNumber after the last.
BlockNumber visit_nodes_of_page(const Index& index, const Tenant& tenant, const float* query,
                                BlockNumber block, VisitNode visit, void* context);

// Rows sorted by distance, in at most work_mem of memory and else on disk: first all are added,
// then they are read.
struct SortedRows;

// Memory comes from the current context. What is not closed is freed when the query ends.
SortedRows* open_sorted_rows();
void add_row(SortedRows* rows, float distance, ItemPointerData tid);
// No more are added.
void sort_rows(SortedRows* rows);
// The next row, which stays the next until take_sorted; false at the end.
bool peek_sorted(SortedRows* rows, float* distance);
ItemPointerData take_sorted(SortedRows* rows);
void close_sorted_rows(SortedRows* rows);

}  // namespace pgmind::ruhnsw
