#pragma once

#include "graph/codes.hpp"
#include "ruhnsw/tenant.hpp"
#include "ruhnsw/vector_store.hpp"

// Slots: appending, changing.
namespace pgmind::ruhnsw {

// A tenant with more slots than this gets a graph: below, reading all of them costs about what a
// search of the graph would.
inline constexpr uint32 list_slots_max = 128;

struct NewSlot {
    int level;
    SlotId base;  // upper levels
    SlotId below;
    const float* vector;
    VectorPlace place;    // where the vector is not in the slot
    ItemPointerData tid;  // level 0
};

// Stores the slot, not linked yet, on a page of the tenant. tenant->root becomes what it was at
// that moment: an insert that sees no graph here need not link, as whoever turns the tenant into
// one sees this slot. invalid_slot if the tenant is no more.
SlotId append_slot(const Index& index, Tenant* tenant, const NewSlot& slot);

// The page of a slot, locked, and the slot in *slot; InvalidBuffer if it is not the tenant's or
// free.
Buffer lock_slot(const Index& index, const Tenant& tenant, SlotId id, int level, int lock_mode,
                 Slot** slot);
// The same slot on the copy of the page that edit_page gave.
inline Slot* slot_on(Page page, const Geometry& geometry, SlotId id) {
    return slot_at(page, geometry.on(page_tail(page)->kind), slot_number(id));
}

// Copies the vector of a slot that is live and linked to `out`, of geometry.rotated floats; false
// if there is none.
bool copy_vector(const Index& index, const Tenant& tenant, SlotId id, int level, float* out);

// Adds a row to a node with the same vector; false if there is no such live node or no room in it.
// Of a slot on a list page the caller holds the root's lock.
bool add_tid(const Index& index, const Tenant& tenant, SlotId id, const float* vector,
             ItemPointerData tid);

// Whether the tenant has so many slots that it should get a graph.
inline bool is_due_for_graph(const Tenant& tenant) {
    return tenant.root.state != TenantState::graph && slots_of(tenant) > list_slots_max;
}

}  // namespace pgmind::ruhnsw
