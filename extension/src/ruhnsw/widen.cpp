// From list pages to node pages, where the nodes have room for links.
//
// Every record here changes the root's page first, or names it without a change: a standby replays
// a record with all of its pages locked, in their order, so that there too who holds the root's
// lock sees no node move, and who waits for a page of the chain never waits for one that waits for
// the root.

#include <cstring>

#include "ruhnsw/link.hpp"

namespace pgmind::ruhnsw {
namespace {

void copy_slot(const Geometry& geometry, const Slot* from, Slot* to) {
    std::memset(to, 0, geometry.node.stride);
    *to = *from;
    to->in_list = false;
    if (geometry.vector_in_slot) {
        std::memcpy(vector_in(to, geometry),
                    reinterpret_cast<const char*>(from) + geometry.list.vector_offset,
                    geometry.rotated * sizeof(float));
    }
}

// Moves as many of the list page's nodes as there is room for on the node page, all or none after
// a crash. Returns how many are left.
int move_nodes(const Index& index, const Geometry& geometry, Buffer root, Buffer list,
               Buffer nodes) {
    PageEdit edit = edit_start(index);
    edit_page(&edit, root);
    Page from = edit_page(&edit, list);
    Page to = edit_page(&edit, nodes);
    const int slots = page_slots(from, geometry.list);
    int left = 0;
    for (int number = 0; number < slots; ++number) {
        Slot* slot = slot_at(from, geometry.list, number);
        if (slot->state != SlotState::live) {
            continue;
        }
        const int used = page_slots(to, geometry.node);
        if (used == geometry.node.slots_per_page) {
            ++left;
            continue;
        }
        set_used(to, static_cast<Size>(used + 1) * geometry.node.stride);
        copy_slot(geometry, slot, slot_at(to, geometry.node, used));
        slot->state = SlotState::free;
    }
    edit_finish(&edit);
    return left;
}

// A new node page after the last of the chain, locked.
Buffer add_node_page(const Index& index, const Tenant& tenant, Buffer root_buffer,
                     Buffer last_buffer) {
    Buffer buffer = allocate_page(index);
    const BlockNumber block = BufferGetBlockNumber(buffer);
    PageEdit edit = edit_start(index);
    Root* root = root_at(edit_page(&edit, root_buffer), tenant.offset);
    init_page(edit_page(&edit, buffer, true), PageKind::node, tenant.root.tenant);
    page_tail(edit_page(&edit, last_buffer))->next = block;
    root->last_node = root->insert_node = block;
    ++root->node_pages;
    edit_finish(&edit);
    return buffer;
}

// Takes the first page, which has no live slot, out of the chain.
void drop_first_page(const Index& index, const Tenant& tenant, Buffer root_buffer, Buffer first) {
    const BlockNumber next = page_tail(BufferGetPage(first))->next;
    PageEdit edit = edit_start(index);
    Root* root = root_at(edit_page(&edit, root_buffer), tenant.offset);
    init_page(edit_page(&edit, first, true), PageKind::free, 0);
    root->first_node = next;
    if (next == InvalidBlockNumber) {
        root->last_node = next;
    }
    root->insert_node = root->last_node;
    --root->node_pages;
    edit_finish(&edit);
}

// Moves the nodes of the first page, which is a list page, to the end of the chain.
void widen_page(const Index& index, const Tenant& tenant, Buffer root_buffer, Buffer first) {
    const Root* root = root_at(BufferGetPage(root_buffer), tenant.offset);
    const int slots = page_slots(BufferGetPage(first), tenant.geometry.list);
    int left = 0;
    for (int number = 0; number < slots; ++number) {
        const Slot* slot = slot_at(BufferGetPage(first), tenant.geometry.list, number);
        left += slot->state == SlotState::live ? 1 : 0;
    }
    const BlockNumber first_block = BufferGetBlockNumber(first);
    Buffer last = first;
    if (root->last_node != first_block) {
        last = read_page(index, root->last_node, BUFFER_LOCK_EXCLUSIVE);
    }
    while (left > 0) {
        if (page_tail(BufferGetPage(last))->kind == PageKind::node) {
            left = move_nodes(index, tenant.geometry, root_buffer, first, last);
        }
        if (left > 0) {
            Buffer added = add_node_page(index, tenant, root_buffer, last);
            if (last != first) {
                UnlockReleaseBuffer(last);
            }
            last = added;
        }
    }
    if (last != first) {
        UnlockReleaseBuffer(last);
    }
    drop_first_page(index, tenant, root_buffer, first);
}

// One page, with the root locked: after an error or a crash the rest is still a list, and whoever
// looks on between two pages finds every node. Returns the page's block, InvalidBlockNumber if no
// list page is left.
BlockNumber widen_next(const Index& index, Tenant* tenant) {
    Root* root;
    Buffer root_buffer = lock_root(index, *tenant, BUFFER_LOCK_EXCLUSIVE, &root);
    if (!BufferIsValid(root_buffer)) {
        return InvalidBlockNumber;
    }
    const BlockNumber block = root->first_node;
    bool is_widened = false;
    if (root->state == TenantState::list && block != InvalidBlockNumber) {
        Buffer first = read_page(index, block, BUFFER_LOCK_EXCLUSIVE);
        if (is_page(BufferGetPage(first), PageKind::list, tenant->root.tenant)) {
            widen_page(index, *tenant, root_buffer, first);
            is_widened = true;
        }
        UnlockReleaseBuffer(first);
    }
    if (!is_widened && root->state == TenantState::list) {
        PageEdit edit = edit_start(index);
        root_at(edit_page(&edit, root_buffer), tenant->offset)->state = TenantState::flat;
        edit_finish(&edit);
    }
    tenant->root = *root_at(BufferGetPage(root_buffer), tenant->offset);
    UnlockReleaseBuffer(root_buffer);
    return is_widened ? block : InvalidBlockNumber;
}

}  // namespace

void widen_list(const Index& index, Tenant* tenant) {
    BlockNumber lowest = InvalidBlockNumber;
    BlockNumber highest = 0;
    while (tenant->root.state == TenantState::list) {
        CHECK_FOR_INTERRUPTS();
        const BlockNumber block = widen_next(index, tenant);
        if (block == InvalidBlockNumber) {
            break;
        }
        RecordFreeIndexPage(index.relation, block);
        lowest = std::min(lowest, block);
        highest = std::max(highest, block);
    }
    if (lowest <= highest) {
        // So that the next who needs a page finds these.
        FreeSpaceMapVacuumRange(index.relation, lowest, highest + 1);
    }
}

}  // namespace pgmind::ruhnsw
