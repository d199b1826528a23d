// VACUUM of list pages.

#include "ruhnsw/vacuum.hpp"

namespace pgmind::ruhnsw {
namespace {

// The vectors outside of a page whose slots became free.
struct FreedPlaces {
    VectorPlace items[page_slots_max];
    int count;
};

void free_dead(VacuumRun* run, Page page, const VacuumTenant& tenant, FreedPlaces* places) {
    const Geometry& geometry = tenant.tenant.geometry;
    const int slots = page_slots(page, geometry.list);
    for (int number = 0; number < slots; ++number) {
        Slot* slot = slot_at(page, geometry.list, number);
        if (slot->state == SlotState::live && remove_tids(run, slot) && slot->tid_count == 0) {
            slot->state = SlotState::free;
            if (!geometry.vector_in_slot) {
                places->items[places->count++] = {slot->vector_block, slot->vector_token};
            }
        }
    }
}

// The next page, InvalidBlockNumber after the last list page. The root is locked.
BlockNumber remove_from_page(VacuumRun* run, VacuumTenant* tenant, BlockNumber block) {
    const SlotGeometry& geometry = tenant->tenant.geometry.list;
    Buffer buffer = read_vacuum_page(*run, block, BUFFER_LOCK_EXCLUSIVE);
    Page page = BufferGetPage(buffer);
    if (!is_page(page, PageKind::list, tenant->id)) {
        UnlockReleaseBuffer(buffer);
        return InvalidBlockNumber;
    }
    const BlockNumber next = page_tail(page)->next;
    const int slots = page_slots(page, geometry);
    FreedPlaces places{};
    if (has_dead_tid(run, page, geometry, slots)) {
        PageEdit edit = edit_start(run->index);
        free_dead(run, edit_page(&edit, buffer), *tenant, &places);
        edit_finish(&edit);
    }
    for (int number = 0; number < slots; ++number) {
        const Slot* slot = slot_at(page, geometry, number);
        if (slot->state == SlotState::live) {
            ++tenant->live;
            run->stats->num_index_tuples += slot->tid_count;
        } else if (tenant->free_node == InvalidBlockNumber) {
            tenant->free_node = block;
        }
    }
    UnlockReleaseBuffer(buffer);
    for (int i = 0; i < places.count; ++i) {
        free_vector_pages(run->index, tenant->id, places.items[i]);
    }
    return next;
}

}  // namespace

void remove_from_lists(VacuumRun* run) {
    HASH_SEQ_STATUS status;
    hash_seq_init(&status, run->tenants);
    while (auto* tenant = static_cast<VacuumTenant*>(hash_seq_search(&status))) {
        if (tenant->tenant.root.state != TenantState::list) {
            continue;
        }
        vacuum_delay_point();
        Root* root;
        Buffer buffer = lock_root(run->index, tenant->tenant, BUFFER_LOCK_SHARE, &root);
        if (!BufferIsValid(buffer)) {
            continue;
        }
        BlockNumber block =
            root->state == TenantState::list ? root->first_node : InvalidBlockNumber;
        while (block != InvalidBlockNumber) {
            block = remove_from_page(run, tenant, block);
        }
        UnlockReleaseBuffer(buffer);
    }
}

}  // namespace pgmind::ruhnsw
