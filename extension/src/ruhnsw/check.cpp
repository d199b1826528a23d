// ruhnsw_check(index): reads every page and tells what does not fit together.

#include <cstring>

#include "ruhnsw/node.hpp"
#include "ruhnsw/report.hpp"

namespace pgmind::ruhnsw {
namespace {

struct CheckTenant {
    uint32 id;  // the hash key
    Tenant tenant;
    uint32 node_pages;
    uint32 upper_pages;
    uint64 live;
    bool has_entry;
};

struct Check {
    Index index;
    ReturnSetInfo* result;
    BlockNumber blocks;
    HTAB* tenants;
    uint8* states;   // of slots: page_slots_max a block; what SlotState says, plus one
    uint8* levels;   // of slots
    uint32* owners;  // tenant of each block
    SlotId* next;    // third pass: reached, not followed yet
    Size next_count;
    Size next_room;
};

// In Check::states: a chain of pinned edges leads there.
constexpr uint8 reached_bit = 0x80;

void report(Check* check, BlockNumber block, const char* fault) {
    Datum values[2] = {Int64GetDatum(block), CStringGetTextDatum(fault)};
    bool nulls[2] = {block == InvalidBlockNumber, false};
    tuplestore_putvalues(check->result->setResult, check->result->setDesc, values, nulls);
}

CheckTenant* tenant_with(const Check* check, uint32 id) {
    return static_cast<CheckTenant*>(hash_search(check->tenants, &id, HASH_FIND, nullptr));
}

bool note_tenant(void* context, const Tenant& tenant, const char*) {
    auto* check = static_cast<Check*>(context);
    bool exists;
    auto* entry = static_cast<CheckTenant*>(
        hash_search(check->tenants, &tenant.root.tenant, HASH_ENTER, &exists));
    if (exists) {
        report(check, tenant.block, psprintf("two roots of tenant %u", tenant.root.tenant));
    }
    *entry = {tenant.root.tenant, tenant, 0, 0, 0, false};
    return true;
}

Size slot_place(BlockNumber block, int number) {
    return static_cast<Size>(block) * page_slots_max + static_cast<Size>(number);
}

// First pass: which slots there are.
void note_slots(Check* check, BlockNumber block, Page page) {
    const PageTail* tail = page_tail(page);
    CheckTenant* tenant = tenant_with(check, tail->tenant);
    if (tenant == nullptr) {
        report(check, block, psprintf("page of tenant %u, which has no root", tail->tenant));
        return;
    }
    const bool is_node = tail->kind != PageKind::upper;
    const Geometry& geometry = tenant->tenant.geometry;
    const SlotGeometry& part = geometry.on(tail->kind);
    if (tail->kind == PageKind::list && tenant->tenant.root.state != TenantState::list) {
        report(check, block, psprintf("list page of tenant %u, which is no list", tail->tenant));
    }
    ++(is_node ? tenant->node_pages : tenant->upper_pages);
    const int slots = page_slots(page, part);
    if (slots > part.slots_per_page) {
        report(check, block, psprintf("%d slots where %u fit", slots, part.slots_per_page));
        return;
    }
    for (int number = 0; number < slots; ++number) {
        const Slot* slot = slot_at(page, part, number);
        check->states[slot_place(block, number)] =
            static_cast<uint8>(static_cast<int>(slot->state) + 1);
        check->levels[slot_place(block, number)] = slot->level;
        if (slot->state == SlotState::free) {
            continue;
        }
        if (slot->tenant != tail->tenant) {
            report(check, block,
                   psprintf("slot %d is of tenant %u on a page of tenant %u", number, slot->tenant,
                            tail->tenant));
        }
        if ((slot->level == 0) != is_node) {
            report(check, block, psprintf("slot %d of level %d", number, slot->level));
        }
        if (slot->in_list != (tail->kind == PageKind::list) || (slot->in_list && slot->linked)) {
            report(check, block, psprintf("slot %d is of another kind of page", number));
        }
        if (is_node && slot->state == SlotState::live) {
            ++tenant->live;
            if (slot->tid_count == 0 || slot->tid_count > heap_tids_max) {
                report(check, block, psprintf("slot %d has %d rows", number, slot->tid_count));
            }
            if (!slot->linked && tenant->tenant.root.state == TenantState::graph) {
                report(check, block, psprintf("slot %d is not linked", number));
            }
        }
    }
}

// What is wrong with a link from `level` of the tenant; null if nothing is.
const char* fault_of_link(const Check* check, uint32 tenant, SlotId target, int level) {
    if (slot_block(target) >= check->blocks || check->owners[slot_block(target)] != tenant) {
        return psprintf("link to block %u, which is not the tenant's", slot_block(target));
    }
    const Size place = slot_place(slot_block(target), slot_number(target));
    if ((check->states[place] & ~reached_bit) <= 1) {
        return psprintf("link to slot %d of block %u, which is free", slot_number(target),
                        slot_block(target));
    }
    if (check->levels[place] != level) {
        return psprintf("link from level %d to level %d", level, check->levels[place]);
    }
    return nullptr;
}

// Second pass: where the links lead.
void check_links(Check* check, BlockNumber block, Page page) {
    const PageTail* tail = page_tail(page);
    const CheckTenant* tenant = tenant_with(check, tail->tenant);
    if (tenant == nullptr) {
        return;
    }
    const Geometry& geometry = tenant->tenant.geometry;
    const SlotGeometry& part = geometry.on(tail->kind);
    const int slots = std::min<int>(page_slots(page, part), part.slots_per_page);
    for (int number = 0; number < slots; ++number) {
        Slot* slot = slot_at(page, part, number);
        if (slot->state == SlotState::free || !slot->linked) {
            continue;
        }
        const Links links = links_of(slot, geometry);
        if (*links.degree > links.capacity) {
            report(check, block,
                   psprintf("slot %d has %u links where %u fit", number, *links.degree,
                            links.capacity));
            continue;
        }
        // A dead slot's links may lead to what was freed before; nobody follows them for long.
        for (uint32 i = 0; i < *links.degree && slot->state == SlotState::live; ++i) {
            if (const char* fault = fault_of_link(check, tail->tenant, links.ids[i], slot->level)) {
                report(check, block, psprintf("slot %d: %s", number, fault));
            }
        }
        const bool leads_down = slot->level > 0 && slot->state == SlotState::live;
        const char* fault =
            leads_down ? fault_of_link(check, tail->tenant, slot->below, slot->level - 1) : nullptr;
        if (fault != nullptr) {
            report(check, block, psprintf("slot %d down: %s", number, fault));
        }
    }
}

void add_reached(Check* check, uint32 tenant, SlotId id) {
    if (fault_of_link(check, tenant, id, 0) != nullptr) {
        return;  // reported as what it is
    }
    uint8* state = &check->states[slot_place(slot_block(id), slot_number(id))];
    if ((*state & reached_bit) != 0) {
        return;
    }
    *state |= reached_bit;
    if (check->next_count == check->next_room) {
        check->next_room *= 2;
        check->next =
            static_cast<SlotId*>(repalloc_huge(check->next, check->next_room * sizeof(SlotId)));
    }
    check->next[check->next_count++] = id;
}

// Third pass: the nodes that the entry's node leads to.
void follow_pinned(Check* check, const CheckTenant& tenant) {
    const Root& root = tenant.tenant.root;
    if (root.state != TenantState::graph || root.entry == invalid_slot ||
        fault_of_link(check, root.tenant, root.entry, root.level) != nullptr) {
        return;
    }
    Slot* slot;
    Buffer buffer =
        lock_slot(check->index, tenant.tenant, root.entry, root.level, BUFFER_LOCK_SHARE, &slot);
    if (!BufferIsValid(buffer)) {
        return;
    }
    add_reached(check, root.tenant, root.level == 0 ? root.entry : slot->base);
    UnlockReleaseBuffer(buffer);
    while (check->next_count > 0) {
        CHECK_FOR_INTERRUPTS();
        const SlotId id = check->next[--check->next_count];
        buffer = lock_slot(check->index, tenant.tenant, id, 0, BUFFER_LOCK_SHARE, &slot);
        if (!BufferIsValid(buffer)) {
            continue;
        }
        const Links links = links_of(slot, tenant.tenant.geometry);
        for (uint32 i = 0; i < std::min<uint32>(*links.degree, links.capacity); ++i) {
            if (graph::is_pinned(links.f2[i])) {
                add_reached(check, root.tenant, links.ids[i]);
            }
        }
        UnlockReleaseBuffer(buffer);
    }
}

void check_reach(Check* check, BlockNumber block, Page page) {
    const CheckTenant* tenant =
        check->owners[block] == 0 ? nullptr : tenant_with(check, check->owners[block]);
    if (tenant == nullptr || page_tail(page)->kind != PageKind::node ||
        tenant->tenant.root.state != TenantState::graph) {
        return;
    }
    const SlotGeometry& part = tenant->tenant.geometry.node;
    const int slots = std::min<int>(page_slots(page, part), part.slots_per_page);
    for (int number = 0; number < slots; ++number) {
        const Slot* slot = slot_at(page, part, number);
        if (slot->state == SlotState::live && slot->linked &&
            (check->states[slot_place(block, number)] & reached_bit) == 0) {
            report(check, block, psprintf("slot %d is out of reach", number));
        }
    }
}

void for_each_page(Check* check, void (*visit)(Check*, BlockNumber, Page)) {
    for (BlockNumber block = 0; block < check->blocks; ++block) {
        CHECK_FOR_INTERRUPTS();
        Buffer buffer = ReadBuffer(check->index.relation, block);
        LockBuffer(buffer, BUFFER_LOCK_SHARE);
        PGAlignedBlock copy;
        std::memcpy(copy.data, BufferGetPage(buffer), BLCKSZ);
        UnlockReleaseBuffer(buffer);
        visit(check, block, copy.data);
    }
}

void check_page(Check* check, BlockNumber block, Page page) {
    if (PageIsNew(page)) {
        return;
    }
    const PageTail* tail = page_tail(page);
    if (PageGetSpecialSize(page) != MAXALIGN(sizeof(PageTail)) || tail->magic != page_magic ||
        tail->kind < PageKind::free || tail->kind > PageKind::list) {
        report(check, block, "not a page of a ruhnsw index");
        return;
    }
    if ((tail->kind == PageKind::meta) != (block == meta_block) ||
        (tail->kind == PageKind::directory) != (block == directory_block)) {
        report(check, block, psprintf("page of kind %d", static_cast<int>(tail->kind)));
        return;
    }
    if (tail->kind == PageKind::node || tail->kind == PageKind::upper ||
        tail->kind == PageKind::list) {
        check->owners[block] = tail->tenant;
        note_slots(check, block, page);
    }
}

void check_page_links(Check* check, BlockNumber block, Page page) {
    if (check->owners[block] != 0) {
        check_links(check, block, page);
    }
}

void check_roots(Check* check) {
    HASH_SEQ_STATUS status;
    hash_seq_init(&status, check->tenants);
    while (auto* tenant = static_cast<CheckTenant*>(hash_seq_search(&status))) {
        const Root& root = tenant->tenant.root;
        const BlockNumber block = tenant->tenant.block;
        if (root.node_pages != tenant->node_pages || root.upper_pages != tenant->upper_pages) {
            report(check, block,
                   psprintf("tenant %u: the root counts %u and %u pages, there are "
                            "%u and %u",
                            root.tenant, root.node_pages, root.upper_pages, tenant->node_pages,
                            tenant->upper_pages));
        }
        if (root.state == TenantState::graph && root.entry == invalid_slot && tenant->live > 0) {
            report(check, block, psprintf("tenant %u: no entry", root.tenant));
        }
        if (root.entry != invalid_slot) {
            if (const char* fault = fault_of_link(check, root.tenant, root.entry, root.level)) {
                report(check, block, psprintf("tenant %u: entry: %s", root.tenant, fault));
            }
        }
    }
}

}  // namespace

PGMIND_FUNCTION(ruhnsw_check) {
    Check check{};
    Relation relation = open_reported_index(PG_GETARG_OID(0));
    InitMaterializedSRF(fcinfo, 0);
    check.result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    check.index = open_index(relation);
    HASHCTL control{};
    control.keysize = sizeof(uint32);
    control.entrysize = sizeof(CheckTenant);
    control.hcxt = CurrentMemoryContext;
    check.tenants =
        hash_create("ruhnsw check", 256, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
    check.blocks = RelationGetNumberOfBlocks(relation);
    const Size slots = static_cast<Size>(check.blocks) * page_slots_max;
    const int flags = MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO;
    check.states = static_cast<uint8*>(palloc_extended(slots, flags));
    check.levels = static_cast<uint8*>(palloc_extended(slots, flags));
    check.owners = static_cast<uint32*>(palloc_extended(check.blocks * sizeof(uint32), flags));
    visit_tenants(check.index, note_tenant, &check);
    for_each_page(&check, check_page);
    for_each_page(&check, check_page_links);
    check_roots(&check);
    check.next_room = 256;
    check.next = static_cast<SlotId*>(palloc(check.next_room * sizeof(SlotId)));
    HASH_SEQ_STATUS status;
    hash_seq_init(&status, check.tenants);
    while (const auto* tenant = static_cast<CheckTenant*>(hash_seq_search(&status))) {
        follow_pinned(&check, *tenant);
    }
    for_each_page(&check, check_reach);
    index_close(relation, AccessShareLock);
    return static_cast<Datum>(0);
}

}  // namespace pgmind::ruhnsw
