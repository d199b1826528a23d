// Turning a flat tenant into a graph.

#include <cstring>

#include "ruhnsw/link.hpp"

namespace pgmind::ruhnsw {
namespace {

// Slots of one page that a promotion before this one touched go back to what they were; those of
// upper levels are left to VACUUM.
void unlink_page(const Index& index, const Tenant& tenant, BlockNumber block, PageKind kind,
                 BlockNumber* next) {
    *next = InvalidBlockNumber;
    Buffer buffer = read_page(index, block, BUFFER_LOCK_EXCLUSIVE);
    Page page = BufferGetPage(buffer);
    if (!is_page(page, kind, tenant.root.tenant)) {
        UnlockReleaseBuffer(buffer);
        return;
    }
    *next = page_tail(page)->next;
    const bool is_node = kind == PageKind::node;
    const SlotGeometry& part = is_node ? tenant.geometry.node : tenant.geometry.upper;
    const int slots = page_slots(page, part);
    bool is_touched = false;
    for (int number = 0; number < slots && !is_touched; ++number) {
        const Slot* slot = slot_at(page, part, number);
        is_touched = is_node ? slot->linked : slot->state == SlotState::live;
    }
    if (is_touched) {
        PageEdit edit = edit_start(index);
        page = edit_page(&edit, buffer);
        for (int number = 0; number < slots; ++number) {
            Slot* slot = slot_at(page, part, number);
            slot->linked = false;
            slot->degree = 0;
            if (!is_node && slot->state == SlotState::live) {
                slot->state = SlotState::dead;
            }
        }
        edit_finish(&edit);
    }
    UnlockReleaseBuffer(buffer);
}

// A promotion that an error, a cancellation or a crash ended may have left a node that says it is
// linked although no edge leads to it yet: the next begins anew.
void forget_links(const Index& index, Tenant* tenant) {
    Root* root;
    Buffer buffer = lock_root(index, *tenant, BUFFER_LOCK_EXCLUSIVE, &root);
    if (!BufferIsValid(buffer)) {
        return;
    }
    const bool is_flat = root->state == TenantState::flat;
    if (is_flat && root->entry != invalid_slot) {
        PageEdit edit = edit_start(index);
        root = root_at(edit_page(&edit, buffer), tenant->offset);
        root->entry = invalid_slot;
        root->level = 0;
        edit_finish(&edit);
    }
    tenant->root = *root_at(BufferGetPage(buffer), tenant->offset);
    UnlockReleaseBuffer(buffer);
    if (!is_flat) {
        return;
    }
    const PageKind kinds[] = {PageKind::node, PageKind::upper};
    const BlockNumber firsts[] = {tenant->root.first_node, tenant->root.first_upper};
    for (int i = 0; i < 2; ++i) {
        BlockNumber block = firsts[i];
        while (block != InvalidBlockNumber) {
            CHECK_FOR_INTERRUPTS();
            unlink_page(index, *tenant, block, kinds[i], &block);
        }
    }
}

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

uint64 promotion_bit(const Tenant& tenant) {
    return static_cast<uint64>(1) << (tenant.root.tenant % 64);
}

// Only one process may link the nodes of a flat tenant. The others wait: who went on would add to
// the list, which takes less time than linking does, so that it grew and grew and every insert
// compared all of it. An error in a build ends all of it, and the wait too.
void claim_promotion(const Index& index, const Tenant& tenant) {
    if (index.promoting == nullptr) {
        LockPage(index.relation, tenant.block, ExclusiveLock);
        return;
    }
    const uint64 bit = promotion_bit(tenant);
    ConditionVariablePrepareToSleep(&index.promoting->finished);
    while ((pg_atomic_fetch_or_u64(&index.promoting->tenants, bit) & bit) != 0) {
        ConditionVariableSleep(&index.promoting->finished, PG_WAIT_EXTENSION);
    }
    ConditionVariableCancelSleep();
}

void release_promotion(const Index& index, const Tenant& tenant) {
    if (index.promoting == nullptr) {
        UnlockPage(index.relation, tenant.block, ExclusiveLock);
    } else {
        pg_atomic_fetch_and_u64(&index.promoting->tenants, ~promotion_bit(tenant));
        ConditionVariableBroadcast(&index.promoting->finished);
    }
}

}  // namespace

void make_graph(const Index& index, Tenant* tenant, uint32 ef_construction) {
    claim_promotion(index, *tenant);
    MemoryContext memory =
        AllocSetContextCreate(CurrentMemoryContext, "ruhnsw promotion", ALLOCSET_DEFAULT_SIZES);
    widen_list(index, tenant);
    if (refresh_tenant(index, tenant) && tenant->root.state == TenantState::flat) {
        forget_links(index, tenant);
    }
    while (refresh_tenant(index, tenant) && tenant->root.state == TenantState::flat) {
        link_chain(index, tenant, ef_construction, memory);
        if (finish_graph(index, tenant)) {
            break;
        }
    }
    MemoryContextDelete(memory);
    release_promotion(index, *tenant);
}

}  // namespace pgmind::ruhnsw
