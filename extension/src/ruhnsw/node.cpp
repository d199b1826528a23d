#include "ruhnsw/node.hpp"

#include <cstring>

namespace pgmind::ruhnsw {
namespace {

// The chain of pages at a level, as the root says it.
struct Chain {
    BlockNumber first;
    BlockNumber last;
    BlockNumber insert;
};

Chain chain_of(const Root& root, int level) {
    if (level == 0) {
        return {root.first_node, root.last_node, root.insert_node};
    }
    return {root.first_upper, root.last_upper, root.insert_upper};
}

void fill_slot(Slot* slot, const Geometry& geometry, PageKind kind, uint32 tenant,
               const NewSlot& source) {
    std::memset(slot, 0, geometry.on(kind).stride);
    slot->tenant = tenant;
    slot->in_list = kind == PageKind::list;
    slot->state = SlotState::live;
    slot->level = static_cast<uint8>(source.level);
    slot->base = source.base;
    slot->below = source.below;
    slot->vector_block = source.place.block;
    slot->vector_token = source.place.token;
    if (source.level == 0) {
        slot->tid_count = 1;
        slot->tids[0] = source.tid;
    }
    if (geometry.vector_in_slot) {
        std::memcpy(vector_in(slot, geometry), source.vector, geometry.rotated * sizeof(float));
    }
}

// Stores the slot on the page if there is room, else tells the next page of the chain.
SlotId append_on_page(const Index& index, const Tenant& tenant, BlockNumber block,
                      const NewSlot& source, BlockNumber* next) {
    const uint32 id_of_tenant = tenant.root.tenant;
    Buffer buffer = read_page(index, block, BUFFER_LOCK_EXCLUSIVE);
    Page page = BufferGetPage(buffer);
    *next = InvalidBlockNumber;
    if (source.level == 0 ? !has_nodes(page, id_of_tenant)
                          : !is_page(page, PageKind::upper, id_of_tenant)) {
        UnlockReleaseBuffer(buffer);
        return invalid_slot;
    }
    const PageKind kind = page_tail(page)->kind;
    const SlotGeometry& geometry = tenant.geometry.on(kind);
    *next = page_tail(page)->next;
    const int used = page_slots(page, geometry);
    int number = 0;
    while (number < used && slot_at(page, geometry, number)->state != SlotState::free) {
        ++number;
    }
    SlotId id = invalid_slot;
    if (number < geometry.slots_per_page) {
        PageEdit edit = edit_start(index);
        page = edit_page(&edit, buffer);
        if (number == used) {
            set_used(page, static_cast<Size>(used + 1) * geometry.stride);
        }
        fill_slot(slot_at(page, geometry, number), tenant.geometry, kind, id_of_tenant, source);
        edit_finish(&edit);
        id = make_slot_id(block, number);
    }
    UnlockReleaseBuffer(buffer);
    return id;
}

// Adds a page to the end of the chain, unless the chain has changed since `seen` was read.
void extend_chain(const Index& index, const Tenant& tenant, int level, const Chain& seen) {
    Root* root;
    Buffer root_buffer = lock_root(index, tenant, BUFFER_LOCK_EXCLUSIVE, &root);
    if (!BufferIsValid(root_buffer)) {
        return;
    }
    const Chain now = chain_of(*root, level);
    if (now.last != seen.last || now.insert != seen.insert) {
        UnlockReleaseBuffer(root_buffer);
        return;
    }
    Buffer buffer = allocate_page(index);
    const BlockNumber block = BufferGetBlockNumber(buffer);
    Buffer last_buffer = InvalidBuffer;
    if (seen.last != InvalidBlockNumber) {
        last_buffer = read_page(index, seen.last, BUFFER_LOCK_EXCLUSIVE);
    }
    PageKind kind = level == 0 ? PageKind::node : PageKind::upper;
    if (level == 0 && root->state == TenantState::list &&
        (!BufferIsValid(last_buffer) ||
         page_tail(BufferGetPage(last_buffer))->kind == PageKind::list)) {
        kind = PageKind::list;
    }
    // The root's page first: so it is in every record that changes pages of the chain too, for the
    // standbys that replay it (widen.cpp).
    PageEdit edit = edit_start(index);
    root = root_at(edit_page(&edit, root_buffer), tenant.offset);
    init_page(edit_page(&edit, buffer, true), kind, tenant.root.tenant);
    if (BufferIsValid(last_buffer)) {
        page_tail(edit_page(&edit, last_buffer))->next = block;
    }
    if (level == 0) {
        root->first_node = seen.last == InvalidBlockNumber ? block : root->first_node;
        root->last_node = root->insert_node = block;
        ++root->node_pages;
    } else {
        root->first_upper = seen.last == InvalidBlockNumber ? block : root->first_upper;
        root->last_upper = root->insert_upper = block;
        ++root->upper_pages;
    }
    edit_finish(&edit);
    if (BufferIsValid(last_buffer)) {
        UnlockReleaseBuffer(last_buffer);
    }
    UnlockReleaseBuffer(buffer);
    UnlockReleaseBuffer(root_buffer);
}

// The pages up to `found` had no room: the next insert begins there.
void advance_hint(const Index& index, const Tenant& tenant, int level, BlockNumber seen,
                  BlockNumber found) {
    Root* root;
    Buffer buffer = lock_root(index, tenant, BUFFER_LOCK_EXCLUSIVE, &root);
    if (!BufferIsValid(buffer)) {
        return;
    }
    if (chain_of(*root, level).insert == seen) {
        PageEdit edit = edit_start(index);
        root = root_at(edit_page(&edit, buffer), tenant.offset);
        (level == 0 ? root->insert_node : root->insert_upper) = found;
        edit_finish(&edit);
    }
    UnlockReleaseBuffer(buffer);
}

}  // namespace

SlotId append_slot(const Index& index, Tenant* tenant, const NewSlot& slot) {
    // After VACUUM free slots may be far apart: nobody shall wait long for the root.
    constexpr int pages_max = 64;
    for (;;) {
        CHECK_FOR_INTERRUPTS();
        Root* root;
        // Held while the slot is written: see node.hpp. It also keeps VACUUM from giving the
        // tenant's pages away.
        Buffer root_buffer = lock_root(index, *tenant, BUFFER_LOCK_SHARE, &root);
        if (!BufferIsValid(root_buffer)) {
            return invalid_slot;
        }
        tenant->root = *root;
        const Chain chain = chain_of(*root, slot.level);
        BlockNumber block = chain.insert;
        SlotId id = invalid_slot;
        for (int page = 0; page < pages_max && block != InvalidBlockNumber; ++page) {
            BlockNumber next;
            id = append_on_page(index, *tenant, block, slot, &next);
            if (id != invalid_slot) {
                break;
            }
            block = next;
        }
        UnlockReleaseBuffer(root_buffer);
        if (block == InvalidBlockNumber) {
            extend_chain(index, *tenant, slot.level, chain);
        } else if (block != chain.insert) {
            advance_hint(index, *tenant, slot.level, chain.insert, block);
        }
        if (id != invalid_slot) {
            return id;
        }
    }
}

Buffer lock_slot(const Index& index, const Tenant& tenant, SlotId id, int level, int lock_mode,
                 Slot** slot) {
    const uint32 id_of_tenant = tenant.root.tenant;
    Buffer buffer = read_page(index, slot_block(id), lock_mode);
    Page page = BufferGetPage(buffer);
    const bool fits =
        level == 0 ? has_nodes(page, id_of_tenant) : is_page(page, PageKind::upper, id_of_tenant);
    if (fits && slot_number(id) < page_slots(page, tenant.geometry.on(page_tail(page)->kind))) {
        *slot = slot_on(page, tenant.geometry, id);
        if ((*slot)->state != SlotState::free && (*slot)->tenant == id_of_tenant &&
            (*slot)->level == level) {
            return buffer;
        }
    }
    UnlockReleaseBuffer(buffer);
    return InvalidBuffer;
}

bool copy_vector(const Index& index, const Tenant& tenant, SlotId id, int level, float* out) {
    Slot* slot;
    Buffer buffer = lock_slot(index, tenant, id, level, BUFFER_LOCK_SHARE, &slot);
    if (!BufferIsValid(buffer)) {
        return false;
    }
    const float* vector = nullptr;
    if (slot->state == SlotState::live && slot->linked) {
        vector = slot_vector(index, tenant.geometry, slot, out);
        if (vector != nullptr && vector != out) {
            std::memcpy(out, vector, tenant.geometry.rotated * sizeof(float));
        }
    }
    UnlockReleaseBuffer(buffer);
    return vector != nullptr;
}

bool add_tid(const Index& index, const Tenant& tenant, SlotId id, const float* vector,
             ItemPointerData tid) {
    const Size bytes = tenant.geometry.rotated * sizeof(float);
    float* buffer_vector =
        tenant.geometry.vector_in_slot ? nullptr : static_cast<float*>(palloc(bytes));
    Slot* slot;
    Buffer buffer = lock_slot(index, tenant, id, 0, BUFFER_LOCK_EXCLUSIVE, &slot);
    if (!BufferIsValid(buffer)) {
        return false;
    }
    bool added = false;
    if (slot->state == SlotState::live && slot->tid_count < heap_tids_max) {
        const float* stored = slot_vector(index, tenant.geometry, slot, buffer_vector);
        added = stored != nullptr && std::memcmp(stored, vector, bytes) == 0;
    }
    if (added) {
        PageEdit edit = edit_start(index);
        slot = slot_on(edit_page(&edit, buffer), tenant.geometry, id);
        slot->tids[slot->tid_count++] = tid;
        edit_finish(&edit);
    }
    UnlockReleaseBuffer(buffer);
    return added;
}

}  // namespace pgmind::ruhnsw
