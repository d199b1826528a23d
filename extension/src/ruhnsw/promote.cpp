// Turning a flat tenant into a graph.

#include <cstring>

#include "ruhnsw/link.hpp"

namespace pgmind::ruhnsw {
namespace {

// A stored node that is not linked yet.
struct Unlinked {
    VectorPlace place;
    ItemPointerData tid;
    float* vector;
};

// Copies the slot if it is live and not linked.
bool copy_unlinked(const Index& index, const Tenant& tenant, SlotId id, Unlinked* out) {
    Slot* slot;
    Buffer buffer = lock_slot(index, tenant, id, 0, BUFFER_LOCK_SHARE, &slot);
    if (!BufferIsValid(buffer)) {
        return false;
    }
    bool copied = false;
    if (slot->state == SlotState::live && !slot->linked) {
        const float* vector = slot_vector(index, tenant.geometry, slot, out->vector);
        copied = vector != nullptr;
        if (copied && vector != out->vector) {
            std::memcpy(out->vector, vector, tenant.geometry.rotated * sizeof(float));
        }
        out->place = {slot->vector_block, slot->vector_token};
        out->tid = slot->tids[0];
    }
    UnlockReleaseBuffer(buffer);
    return copied;
}

// How many slots the page has that were ever used, and the next page; -1 where it is not the
// tenant's.
int page_of_chain(const Index& index, const Tenant& tenant, BlockNumber block, bool* has_unlinked,
                  BlockNumber* next) {
    Buffer buffer = read_page(index, block, BUFFER_LOCK_SHARE);
    Page page = BufferGetPage(buffer);
    int slots = -1;
    *has_unlinked = false;
    *next = InvalidBlockNumber;
    if (is_page(page, PageKind::node, tenant.root.tenant)) {
        slots = page_slots(page, tenant.geometry.node);
        *next = page_tail(page)->next;
        for (int number = 0; number < slots; ++number) {
            const Slot* slot = slot_at(page, tenant.geometry.node, number);
            *has_unlinked |= slot->state == SlotState::live && !slot->linked;
        }
    }
    UnlockReleaseBuffer(buffer);
    return slots;
}

void link_page(const Index& index, Tenant* tenant, BlockNumber block, int slots,
               uint32 ef_construction, MemoryContext memory) {
    for (int number = 0; number < slots; ++number) {
        CHECK_FOR_INTERRUPTS();
        MemoryContextReset(memory);
        MemoryContext before = MemoryContextSwitchTo(memory);
        const SlotId id = make_slot_id(block, number);
        Unlinked node;
        node.vector = static_cast<float*>(palloc(tenant->geometry.rotated * sizeof(float)));
        if (copy_unlinked(index, *tenant, id, &node) && refresh_tenant(index, tenant)) {
            LinkPlan plan;
            plan_links(index, tenant, node.vector, choose_level(index, node.tid), id,
                       ef_construction, &plan);
            connect(index, tenant, id, node.vector, node.place, node.tid, ef_construction, &plan);
        }
        MemoryContextSwitchTo(before);
    }
}

void link_chain(const Index& index, Tenant* tenant, uint32 ef_construction, MemoryContext memory) {
    BlockNumber block = tenant->root.first_node;
    while (block != InvalidBlockNumber) {
        bool has_unlinked;
        BlockNumber next;
        const int slots = page_of_chain(index, *tenant, block, &has_unlinked, &next);
        if (has_unlinked) {
            link_page(index, tenant, block, slots, ef_construction, memory);
        }
        block = next;
    }
}

// Nobody can append while the root is locked exclusively: with every node linked, the tenant is a
// graph from here on. True if it is one or is gone.
bool finish_graph(const Index& index, Tenant* tenant) {
    Root* root;
    Buffer buffer = lock_root(index, *tenant, BUFFER_LOCK_EXCLUSIVE, &root);
    if (!BufferIsValid(buffer)) {
        return true;
    }
    bool has_unlinked = false;
    BlockNumber block = root->first_node;
    while (block != InvalidBlockNumber && !has_unlinked) {
        BlockNumber next;
        page_of_chain(index, *tenant, block, &has_unlinked, &next);
        block = next;
    }
    if (!has_unlinked) {
        PageEdit edit = edit_start(index);
        root_at(edit_page(&edit, buffer), tenant->offset)->state = TenantState::graph;
        edit_finish(&edit);
    }
    UnlockReleaseBuffer(buffer);
    return !has_unlinked;
}

}  // namespace

void make_graph(const Index& index, Tenant* tenant, uint32 ef_construction) {
    if (!ConditionalLockPage(index.relation, tenant->block, ExclusiveLock)) {
        return;
    }
    MemoryContext memory =
        AllocSetContextCreate(CurrentMemoryContext, "ruhnsw promotion", ALLOCSET_DEFAULT_SIZES);
    while (refresh_tenant(index, tenant) && tenant->root.state == TenantState::flat) {
        link_chain(index, tenant, ef_construction, memory);
        if (finish_graph(index, tenant)) {
            break;
        }
    }
    MemoryContextDelete(memory);
    UnlockPage(index.relation, tenant->block, ExclusiveLock);
}

}  // namespace pgmind::ruhnsw
