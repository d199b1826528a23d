// Whatever died, every live node of a graph stays within reach: a chain of pinned edges leads to it
// from the node of the entry. Inserts make such a chain for what they add; here the nodes whose
// chain went with a dead one get a new edge from a node that is within reach, the nearest of their
// own neighbours where one is.

#include "ruhnsw/vacuum.hpp"

namespace pgmind::ruhnsw {
namespace {

constexpr uint32 links_max = 2 * 100;

// The nodes of one tenant that the entry's node leads to.
struct Reach {
    VacuumRun* run;
    Tenant* tenant;
    BlockNumber blocks;  // what was added later is within reach by itself
    uint16* reached;     // per block, one bit a slot
    SlotId start;        // the node of the entry, or of the entry to be
    SlotId* next;        // reached, not followed yet
    Size next_count;
    Size next_room;
    bool is_repaired;  // step 4 is done: no list is full of links to dead nodes
    bool has_left;     // a node had to be left out of reach, as nothing had room for it

    bool is_reached(SlotId id) const {
        return slot_block(id) < blocks && (reached[slot_block(id)] >> slot_number(id) & 1) != 0;
    }
};

void add_reached(Reach* reach, SlotId id) {
    if (slot_block(id) >= reach->blocks || reach->is_reached(id)) {
        return;
    }
    reach->reached[slot_block(id)] |= static_cast<uint16>(1U << slot_number(id));
    if (reach->next_count == reach->next_room) {
        reach->next_room *= 2;
        reach->next =
            static_cast<SlotId*>(repalloc_huge(reach->next, reach->next_room * sizeof(SlotId)));
    }
    reach->next[reach->next_count++] = id;
}

// The ends of a live node's edges that are not dead; all, nearest first, or the pinned ones only.
uint32 copy_links(const VacuumRun& run, const Tenant& tenant, SlotId id, bool only_pinned,
                  graph::Candidate* links) {
    Slot* slot;
    Buffer buffer = lock_slot(run.index, tenant, id, 0, BUFFER_LOCK_SHARE, &slot);
    if (!BufferIsValid(buffer)) {
        return 0;
    }
    uint32 count = 0;
    if (slot->state == SlotState::live && slot->linked) {
        const Links all = links_of(slot, tenant.geometry);
        for (uint32 i = 0; i < std::min<uint32>(*all.degree, links_max); ++i) {
            if (!run.is_dead(all.ids[i]) && (!only_pinned || graph::is_pinned(all.f2[i]))) {
                links[count++] = {all.f1[i], all.ids[i]};
            }
        }
    }
    UnlockReleaseBuffer(buffer);
    if (!only_pinned) {
        std::sort(links, links + count, graph::is_nearer);
    }
    return count;
}

void follow_pinned(Reach* reach) {
    graph::Candidate links[links_max];
    while (reach->next_count > 0) {
        vacuum_delay_point();
        const SlotId id = reach->next[--reach->next_count];
        const uint32 count = copy_links(*reach->run, *reach->tenant, id, true, links);
        for (uint32 i = 0; i < count; ++i) {
            add_reached(reach, links[i].node);
        }
    }
}

bool pin_from_reached(Reach* reach, SlotId parent, SlotId id, const float* vector) {
    return parent != id && reach->is_reached(parent) &&
           pin_edge(reach->run->index, *reach->tenant, parent, 0, id, vector);
}

bool attach_to_neighbour(Reach* reach, SlotId id, const float* vector) {
    graph::Candidate links[links_max];
    const uint32 count = copy_links(*reach->run, *reach->tenant, id, false, links);
    for (uint32 i = 0; i < count; ++i) {
        if (pin_from_reached(reach, links[i].node, id, vector)) {
            return true;
        }
    }
    return false;
}

bool attach_by_search(Reach* reach, SlotId id, const float* vector) {
    // Among many dead nodes each live one takes long to find.
    const uint32 ef = reach->is_repaired ? 100 : 16;
    if (!refresh_tenant(reach->run->index, reach->tenant)) {
        return false;
    }
    LinkPlan plan;
    plan_links(reach->run->index, reach->tenant, vector, 0, id, ef, &plan);
    for (uint32 i = 0; i < plan.levels[0].count; ++i) {
        if (pin_from_reached(reach, plan.levels[0].ids[i], id, vector)) {
            return true;
        }
    }
    return false;
}

// For a node with nothing within reach near it, as where a part of the graph hung on dead nodes
// alone: somewhere on chains of pinned edges that a hash picks, which end at a node with room,
// mostly.
bool attach_on_chain(Reach* reach, SlotId id, const float* vector) {
    constexpr uint32 steps_max = 256;
    SlotId slot = reach->start;
    for (uint32 step = 0; step < steps_max; ++step) {
        vacuum_delay_point();
        if (pin_from_reached(reach, slot, id, vector)) {
            return true;
        }
        graph::Candidate links[links_max];
        const uint32 count = copy_links(*reach->run, *reach->tenant, slot, true, links);
        const uint64 chance = hash_bytes_uint32_extended(id, step);
        slot = count == 0 ? reach->start : links[chance % count].node;
    }
    return false;
}

// What a walk along the tenant's pages does with a live linked node; false ends the walk.
using VisitLinked = bool (*)(Reach* reach, void* context, SlotId id);

void walk_linked(Reach* reach, VisitLinked visit, void* context) {
    const Tenant& tenant = *reach->tenant;
    BlockNumber block = tenant.root.first_node;
    while (block != InvalidBlockNumber) {
        vacuum_delay_point();
        Buffer buffer = read_vacuum_page(*reach->run, block, BUFFER_LOCK_SHARE);
        Page page = BufferGetPage(buffer);
        SlotId nodes[page_slots_max];
        int count = 0;
        BlockNumber next = InvalidBlockNumber;
        if (is_page(page, PageKind::node, tenant.root.tenant)) {
            next = page_tail(page)->next;
            const int slots = page_slots(page, tenant.geometry.node);
            for (int number = 0; number < slots; ++number) {
                const Slot* slot = slot_at(page, tenant.geometry.node, number);
                if (slot->state == SlotState::live && slot->linked) {
                    nodes[count++] = make_slot_id(block, number);
                }
            }
        }
        UnlockReleaseBuffer(buffer);
        for (int i = 0; i < count; ++i) {
            if (!visit(reach, context, nodes[i])) {
                return;
            }
        }
        block = next;
    }
}

// For a node that is far from everything within reach: the first of those that has room. Many have,
// once their links to dead nodes are gone.
struct AnyParent {
    SlotId child;
    const float* vector;
    bool found;
};

bool attach_to_any(Reach* reach, void* context, SlotId id) {
    auto* wanted = static_cast<AnyParent*>(context);
    wanted->found = pin_from_reached(reach, id, wanted->child, wanted->vector);
    return !wanted->found;
}

// `thoroughly`: also where no neighbour of the node is within reach. True if it is now, or need not
// be.
bool attach(Reach* reach, SlotId id, bool thoroughly) {
    if (reach->is_reached(id) || slot_block(id) >= reach->blocks) {
        return true;
    }
    MemoryContextReset(reach->run->slot_memory);
    MemoryContext before = MemoryContextSwitchTo(reach->run->slot_memory);
    auto* vector = static_cast<float*>(palloc(reach->tenant->geometry.rotated * sizeof(float)));
    const bool is_live = copy_vector(reach->run->index, *reach->tenant, id, 0, vector);
    bool attached = !is_live || attach_to_neighbour(reach, id, vector);
    if (!attached && thoroughly) {
        attached = attach_by_search(reach, id, vector) || attach_on_chain(reach, id, vector);
        if (!attached && reach->is_repaired) {
            AnyParent any{id, vector, false};
            walk_linked(reach, attach_to_any, &any);
            attached = any.found;
        }
    }
    MemoryContextSwitchTo(before);
    if (attached && is_live) {
        add_reached(reach, id);
        follow_pinned(reach);
    }
    return attached;
}

// The heads of what a dead node led to: each brings all that hangs on it. Goes on while many can be
// attached to a neighbour.
void attach_orphans(Reach* reach, SlotId* orphans, Size count) {
    bool goes_on = true;
    while (goes_on && count > 0) {
        Size left = 0;
        for (Size i = 0; i < count; ++i) {
            vacuum_delay_point();
            if (!attach(reach, orphans[i], false)) {
                orphans[left++] = orphans[i];
            }
        }
        goes_on = left <= count - count / 8 && left < count;
        count = left;
    }
}

bool attach_visited(Reach* reach, void*, SlotId id) {
    reach->has_left |= !attach(reach, id, true);
    return true;
}

bool take_as_entry(Reach* reach, void*, SlotId id) {
    set_lost_entry(reach->run->index, reach->tenant, id);
    return false;
}

// The node at the bottom of an entry.
SlotId node_of(const VacuumRun& run, const Tenant& tenant, SlotId entry, int level) {
    if (entry == invalid_slot || level == 0) {
        return entry;
    }
    Slot* slot;
    Buffer buffer = lock_slot(run.index, tenant, entry, level, BUFFER_LOCK_SHARE, &slot);
    if (!BufferIsValid(buffer)) {
        return invalid_slot;
    }
    const SlotId base = slot->base;
    UnlockReleaseBuffer(buffer);
    return base;
}

SlotId node_of_entry(const VacuumRun& run, const Tenant& tenant) {
    return node_of(run, tenant, tenant.root.entry, tenant.root.level);
}

// From where everything has to be within reach: the entry's node, or that of the one to be.
SlotId start_node(Reach* reach, const VacuumTenant& tenant) {
    const VacuumRun& run = *reach->run;
    const SlotId entry = tenant.tenant.root.entry;
    if (entry != invalid_slot && run.is_dead(entry) && tenant.best != invalid_slot) {
        return node_of(run, tenant.tenant, tenant.best, tenant.best_level);
    }
    // Every node that VACUUM met may have been dead, while an insert under way added one: then the
    // first live node becomes the entry.
    walk_linked(reach, take_as_entry, nullptr);
    return node_of_entry(run, tenant.tenant);
}

// An insert may have put a node of a higher level in place of a dead entry, which it could not lead
// to.
void lead_from_entry(const Reach& reach, SlotId start) {
    const VacuumRun& run = *reach.run;
    if (!refresh_tenant(run.index, reach.tenant)) {
        return;
    }
    const SlotId node = node_of_entry(run, *reach.tenant);
    if (node == invalid_slot || reach.is_reached(node)) {
        return;
    }
    auto* vector = static_cast<float*>(palloc(reach.tenant->geometry.rotated * sizeof(float)));
    if (copy_vector(run.index, *reach.tenant, start, 0, vector)) {
        pin_edge(run.index, *reach.tenant, node, 0, start, vector);
    }
    pfree(vector);
}

// True if a node had to be left out of reach.
bool restore_tenant(Reach* reach, const VacuumTenant& tenant, SlotId* orphans, Size count) {
    const VacuumRun& run = *reach->run;
    reach->has_left = false;
    SlotId start = invalid_slot;
    if (refresh_tenant(run.index, reach->tenant) &&
        reach->tenant->root.state == TenantState::graph) {
        start = start_node(reach, tenant);
    }
    if (start != invalid_slot) {
        reach->start = start;
        add_reached(reach, start);
        follow_pinned(reach);
        attach_orphans(reach, orphans, count);
        walk_linked(reach, attach_visited, nullptr);
    }
    // Not before: until here the dead entry leads everywhere.
    replace_entry(run, tenant);
    if (start != invalid_slot) {
        lead_from_entry(*reach, start);
    }
    return reach->has_left;
}

// A live node that a dead one of its tenant had pinned.
struct Orphan {
    uint32 tenant;
    SlotId slot;
};

struct Orphans {
    Orphan* items;
    Size count;
    Size room;
};

void note_orphans(const VacuumRun& run, const Links& links, uint32 tenant, Orphans* orphans) {
    for (uint32 i = 0; i < std::min<uint32>(*links.degree, links_max); ++i) {
        if (!graph::is_pinned(links.f2[i]) || run.is_dead(links.ids[i])) {
            continue;
        }
        if (orphans->count == orphans->room) {
            orphans->room *= 2;
            orphans->items =
                static_cast<Orphan*>(repalloc_huge(orphans->items, orphans->room * sizeof(Orphan)));
        }
        orphans->items[orphans->count++] = {tenant, links.ids[i]};
    }
}

void note_orphans_of_page(const VacuumRun& run, BlockNumber block, Orphans* orphans) {
    Buffer buffer = read_vacuum_page(run, block, BUFFER_LOCK_SHARE);
    Page page = BufferGetPage(buffer);
    const PageTail* tail = page_tail(page);
    const VacuumTenant* tenant =
        tail->kind == PageKind::node ? find_vacuum_tenant(run, tail->tenant) : nullptr;
    if (tenant != nullptr) {
        const Geometry& geometry = tenant->tenant.geometry;
        const int slots = page_slots(page, geometry.node);
        for (int number = 0; number < slots; ++number) {
            Slot* slot = slot_at(page, geometry.node, number);
            if (run.is_dead(make_slot_id(block, number)) && slot->linked) {
                note_orphans(run, links_of(slot, geometry), tail->tenant, orphans);
            }
        }
    }
    UnlockReleaseBuffer(buffer);
}

// By tenant.
Orphans find_orphans(const VacuumRun& run) {
    Orphans orphans{nullptr, 0, 256};
    orphans.items =
        static_cast<Orphan*>(MemoryContextAlloc(run.memory, orphans.room * sizeof(Orphan)));
    for (BlockNumber block = 0; block < run.blocks; ++block) {
        if (run.dead[block] != 0) {
            vacuum_delay_point();
            note_orphans_of_page(run, block, &orphans);
        }
    }
    std::sort(orphans.items, orphans.items + orphans.count,
              [](const Orphan& a, const Orphan& b) { return a.tenant < b.tenant; });
    return orphans;
}

Reach start_reach(VacuumRun* run) {
    Reach reach{};
    reach.run = run;
    reach.blocks = RelationGetNumberOfBlocks(run->index.relation);
    reach.next_room = 256;
    reach.reached = static_cast<uint16*>(MemoryContextAllocExtended(
        run->memory, reach.blocks * sizeof(uint16), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO));
    reach.next =
        static_cast<SlotId*>(MemoryContextAlloc(run->memory, reach.next_room * sizeof(SlotId)));
    return reach;
}

}  // namespace

void restore_reach(VacuumRun* run) {
    const Orphans orphans = find_orphans(*run);
    auto* slots = static_cast<SlotId*>(
        MemoryContextAllocHuge(run->memory, std::max<Size>(orphans.count, 1) * sizeof(SlotId)));
    std::transform(orphans.items, orphans.items + orphans.count, slots,
                   [](const Orphan& orphan) { return orphan.slot; });
    Reach reach = start_reach(run);
    HASH_SEQ_STATUS status;
    hash_seq_init(&status, run->tenants);
    while (auto* tenant = static_cast<VacuumTenant*>(hash_seq_search(&status))) {
        if (tenant->dead == 0) {
            continue;
        }
        const Orphan* end = orphans.items + orphans.count;
        const Orphan* first =
            std::lower_bound(static_cast<const Orphan*>(orphans.items), end, tenant->id,
                             [](const Orphan& orphan, uint32 id) { return orphan.tenant < id; });
        const Orphan* last = std::find_if(
            first, end, [tenant](const Orphan& orphan) { return orphan.tenant != tenant->id; });
        reach.tenant = &tenant->tenant;
        tenant->has_unreached = restore_tenant(&reach, *tenant, slots + (first - orphans.items),
                                               static_cast<Size>(last - first));
        run->has_unreached |= tenant->has_unreached;
    }
}

void restore_rest(VacuumRun* run) {
    if (!run->has_unreached) {
        return;
    }
    Reach reach = start_reach(run);
    reach.is_repaired = true;
    HASH_SEQ_STATUS status;
    hash_seq_init(&status, run->tenants);
    while (auto* tenant = static_cast<VacuumTenant*>(hash_seq_search(&status))) {
        reach.tenant = &tenant->tenant;
        if (tenant->has_unreached && restore_tenant(&reach, *tenant, nullptr, 0)) {
            ereport(WARNING, (errmsg("nodes of index \"%s\" are out of reach of its searches",
                                     RelationGetRelationName(run->index.relation)),
                              errhint("REINDEX the index.")));
        }
    }
}

}  // namespace pgmind::ruhnsw
