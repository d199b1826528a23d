#include "ruhnsw/vacuum.hpp"

#include "ruhnsw/handler.hpp"

namespace pgmind::ruhnsw {
namespace {

void note_live(VacuumTenant* tenant, const Slot* slot, SlotId id) {
    if (slot->linked && (tenant->best == invalid_slot || slot->level > tenant->best_level)) {
        tenant->best = id;
        tenant->best_level = slot->level;
    }
}

void remove_from_nodes(VacuumRun* run, Buffer buffer, VacuumTenant* tenant) {
    const SlotGeometry& geometry = tenant->tenant.geometry.node;
    Page page = BufferGetPage(buffer);
    const int slots = page_slots(page, geometry);
    if (has_dead_tid(run, page, geometry, slots)) {
        PageEdit edit = edit_start(run->index);
        Page copy = edit_page(&edit, buffer);
        for (int number = 0; number < slots; ++number) {
            Slot* slot = slot_at(copy, geometry, number);
            if (slot->state == SlotState::live && remove_tids(run, slot) && slot->tid_count == 0) {
                slot->state = SlotState::dead;
            }
        }
        edit_finish(&edit);
    }
    for (int number = 0; number < slots; ++number) {
        const Slot* slot = slot_at(page, geometry, number);
        const SlotId id = make_slot_id(BufferGetBlockNumber(buffer), number);
        if (slot->state == SlotState::live) {
            run->stats->num_index_tuples += slot->tid_count;
            ++tenant->live;
            note_live(tenant, slot, id);
        } else if (slot->state == SlotState::dead) {
            ++tenant->dead;
            run->set_dead(id);
        }
    }
}

// A slot of an upper level is dead with its node.
void remove_from_uppers(VacuumRun* run, Buffer buffer, VacuumTenant* tenant) {
    const SlotGeometry& geometry = tenant->tenant.geometry.upper;
    Page page = BufferGetPage(buffer);
    const int slots = page_slots(page, geometry);
    bool changed = false;
    for (int number = 0; number < slots; ++number) {
        const Slot* slot = slot_at(page, geometry, number);
        const SlotId id = make_slot_id(BufferGetBlockNumber(buffer), number);
        if (slot->state == SlotState::dead ||
            (slot->state == SlotState::live && run->is_dead(slot->base))) {
            run->set_dead(id);
            changed |= slot->state == SlotState::live;
        } else if (slot->state == SlotState::live) {
            note_live(tenant, slot, id);
        }
    }
    if (changed) {
        run->marked_upper = true;
        PageEdit edit = edit_start(run->index);
        page = edit_page(&edit, buffer);
        for (int number = 0; number < slots; ++number) {
            if (run->is_dead(make_slot_id(BufferGetBlockNumber(buffer), number))) {
                slot_at(page, geometry, number)->state = SlotState::dead;
            }
        }
        edit_finish(&edit);
    }
}

// The tenant of a page of `kind`; null where there is nothing to do.
VacuumTenant* tenant_of_page(VacuumRun* run, Buffer buffer, PageKind kind) {
    Page page = BufferGetPage(buffer);
    if (PageIsNew(page) || page_tail(page)->kind != kind) {
        return nullptr;
    }
    return find_vacuum_tenant(*run, page_tail(page)->tenant);
}

// Pages of no tenant count as free: reclaim_pages looks closer.
PageKind kind_of_page(VacuumRun* run, Page page) {
    if (PageIsNew(page)) {
        return PageKind::free;
    }
    const PageTail* tail = page_tail(page);
    const bool is_orphan = tail->tenant != 0 && find_vacuum_tenant(*run, tail->tenant) == nullptr;
    return is_orphan ? PageKind::free : tail->kind;
}

void remove_dead_rows(VacuumRun* run, PageKind kind) {
    for (BlockNumber block = directory_block + 1; block < run->blocks; ++block) {
        vacuum_delay_point();
        // A page of nodes or vectors stays one, but a free page may be an upper one by now.
        if (kind == PageKind::upper &&
            (run->kinds[block] == PageKind::node || run->kinds[block] == PageKind::vector)) {
            continue;
        }
        Buffer buffer = read_vacuum_page(*run, block, BUFFER_LOCK_EXCLUSIVE);
        VacuumTenant* tenant = tenant_of_page(run, buffer, kind);
        if (kind == PageKind::node) {
            run->kinds[block] = kind_of_page(run, BufferGetPage(buffer));
        }
        if (tenant != nullptr && kind == PageKind::node) {
            remove_from_nodes(run, buffer, tenant);
        } else if (tenant != nullptr) {
            remove_from_uppers(run, buffer, tenant);
        }
        UnlockReleaseBuffer(buffer);
    }
}

// Pages that nothing refers to: new ones that a crash left, and those of removed tenants.
void reclaim_pages(VacuumRun* run) {
    for (BlockNumber block = directory_block + 1; block < run->blocks; ++block) {
        vacuum_delay_point();
        if (run->kinds[block] != PageKind::free && !run->removed_tenant) {
            continue;
        }
        Buffer buffer = read_vacuum_page(*run, block, BUFFER_LOCK_EXCLUSIVE);
        Page page = BufferGetPage(buffer);
        bool is_free = PageIsNew(page) || page_tail(page)->kind == PageKind::free;
        if (!is_free && page_tail(page)->tenant != 0 &&
            page_tail(page)->tenant < run->next_tenant &&
            find_vacuum_tenant(*run, page_tail(page)->tenant) == nullptr) {
            free_page(run->index, buffer);
            is_free = true;
        }
        UnlockReleaseBuffer(buffer);
        if (is_free) {
            RecordFreeIndexPage(run->index.relation, block);
            run->stats->pages_free += 1;
        }
    }
}

// Frees the dead slots of one page; the vectors outside of it are given back.
void free_slots(VacuumRun* run, BlockNumber block, PageKind kind) {
    Buffer buffer = read_vacuum_page(*run, block, BUFFER_LOCK_EXCLUSIVE);
    VacuumTenant* tenant = tenant_of_page(run, buffer, kind);
    VectorPlace places[page_slots_max];
    int place_count = 0;
    if (tenant != nullptr) {
        const Geometry& geometry = tenant->tenant.geometry;
        const bool is_node = kind == PageKind::node;
        PageEdit edit = edit_start(run->index);
        Page page = edit_page(&edit, buffer);
        const int slots = page_slots(page, is_node ? geometry.node : geometry.upper);
        for (int number = 0; number < slots; ++number) {
            Slot* slot = slot_at(page, is_node ? geometry.node : geometry.upper, number);
            if (slot->state != SlotState::dead || !run->is_dead(make_slot_id(block, number))) {
                continue;
            }
            slot->state = SlotState::free;
            slot->linked = false;
            slot->degree = 0;
            if (is_node && !geometry.vector_in_slot) {
                places[place_count++] = {slot->vector_block, slot->vector_token};
            }
            BlockNumber* hint = is_node ? &tenant->free_node : &tenant->free_upper;
            *hint = *hint == InvalidBlockNumber ? block : *hint;
        }
        edit_finish(&edit);
    }
    UnlockReleaseBuffer(buffer);
    for (int i = 0; i < place_count; ++i) {
        free_vector_pages(run->index, tenant->id, places[i]);
    }
}

// Upper levels first: a slot there leads down to the node.
void free_dead_slots(VacuumRun* run) {
    for (PageKind kind : {PageKind::upper, PageKind::node}) {
        for (BlockNumber block = 0; block < run->blocks; ++block) {
            if (run->dead[block] != 0) {
                vacuum_delay_point();
                free_slots(run, block, kind);
            }
        }
    }
}

// All pages there are now: an insert that was under way may have put a node that links to a dead
// one on a page that step 1 did not see as such.
void repair_links(VacuumRun* run) {
    const BlockNumber blocks = RelationGetNumberOfBlocks(run->index.relation);
    for (BlockNumber block = directory_block + 1; block < blocks; ++block) {
        vacuum_delay_point();
        repair_page(run, block);
    }
}

// Begins with, or goes on to, the pages that there are now.
void cover_pages(VacuumRun* run) {
    const BlockNumber before = run->blocks;
    // Under this lock every page that is being added has been locked by who adds it, so an empty
    // page seen here is nobody's.
    LockRelationForExtension(run->index.relation, ExclusiveLock);
    run->blocks = RelationGetNumberOfBlocks(run->index.relation);
    UnlockRelationForExtension(run->index.relation, ExclusiveLock);
    const int flags = MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO;
    auto* dead = static_cast<uint16*>(
        MemoryContextAllocExtended(run->memory, run->blocks * sizeof(uint16), flags));
    auto* kinds = static_cast<PageKind*>(
        MemoryContextAllocExtended(run->memory, run->blocks * sizeof(PageKind), flags));
    if (before > 0) {
        std::copy(run->dead, run->dead + before, dead);
        std::copy(run->kinds, run->kinds + before, kinds);
        pfree(run->dead);
        pfree(run->kinds);
    }
    run->dead = dead;
    run->kinds = kinds;
}

// For inserts that began before.
void wait_for_inserts(const VacuumRun& run) {
    LockPage(run.index.relation, meta_block, ExclusiveLock);
    UnlockPage(run.index.relation, meta_block, ExclusiveLock);
}

void begin_run(VacuumRun* run) {
    run->memory =
        AllocSetContextCreate(CurrentMemoryContext, "ruhnsw vacuum", ALLOCSET_DEFAULT_SIZES);
    run->slot_memory = AllocSetContextCreate(run->memory, "ruhnsw repair", ALLOCSET_DEFAULT_SIZES);
    load_tenants(run);
    remove_from_lists(run);
    // Not before: what moved off a list page until now has to be met.
    cover_pages(run);
}

}  // namespace

bool remove_tids(VacuumRun* run, Slot* slot) {
    int kept = 0;
    for (int i = 0; i < slot->tid_count; ++i) {
        if (run->callback(&slot->tids[i], run->callback_state)) {
            run->stats->tuples_removed += 1;
        } else {
            slot->tids[kept++] = slot->tids[i];
        }
    }
    const bool changed = kept != slot->tid_count;
    slot->tid_count = static_cast<uint8>(kept);
    return changed;
}

bool has_dead_tid(VacuumRun* run, Page page, const SlotGeometry& geometry, int slots) {
    for (int number = 0; number < slots; ++number) {
        const Slot* slot = slot_at(page, geometry, number);
        if (slot->state != SlotState::live) {
            continue;
        }
        for (int i = 0; i < slot->tid_count; ++i) {
            ItemPointerData tid = slot->tids[i];
            if (run->callback(&tid, run->callback_state)) {
                return true;
            }
        }
    }
    return false;
}

Buffer read_vacuum_page(const VacuumRun& run, BlockNumber block, int lock_mode) {
    Buffer buffer =
        ReadBufferExtended(run.index.relation, MAIN_FORKNUM, block, RBM_NORMAL, run.info->strategy);
    LockBuffer(buffer, lock_mode);
    return buffer;
}

IndexBulkDeleteResult* bulk_delete(IndexVacuumInfo* info, IndexBulkDeleteResult* stats,
                                   IndexBulkDeleteCallback callback, void* state) {
    if (stats == nullptr) {
        stats = static_cast<IndexBulkDeleteResult*>(palloc0(sizeof(IndexBulkDeleteResult)));
    }
    stats->num_index_tuples = 0;
    stats->pages_free = 0;
    VacuumRun run{};
    run.index = open_index(info->index);
    run.info = info;
    run.stats = stats;
    run.callback = callback;
    run.callback_state = state;
    begin_run(&run);
    remove_dead_rows(&run, PageKind::node);
    if (run.dead_count > 0) {
        // Inserts that began before the nodes were marked may still link to them, and one that
        // makes a graph may give them upper levels.
        wait_for_inserts(run);
        cover_pages(&run);
        remove_dead_rows(&run, PageKind::upper);
        if (run.marked_upper) {
            // One that began since may have chosen such a slot before it was marked.
            wait_for_inserts(run);
        }
        restore_reach(&run);
        repair_links(&run);
        restore_rest(&run);
        free_dead_slots(&run);
    }
    finish_tenants(&run);
    reclaim_pages(&run);
    stats->num_pages = run.blocks;
    MemoryContextDelete(run.memory);
    return stats;
}

IndexBulkDeleteResult* vacuum_cleanup(IndexVacuumInfo* info, IndexBulkDeleteResult* stats) {
    if (info->analyze_only) {
        return stats;
    }
    if (stats == nullptr) {
        // Nothing was deleted: the heap's rows are the best estimate.
        stats = static_cast<IndexBulkDeleteResult*>(palloc0(sizeof(IndexBulkDeleteResult)));
        stats->num_index_tuples = info->num_heap_tuples;
        stats->estimated_count = true;
    }
    stats->num_pages = RelationGetNumberOfBlocks(info->index);
    IndexFreeSpaceMapVacuum(info->index);
    return stats;
}

}  // namespace pgmind::ruhnsw
