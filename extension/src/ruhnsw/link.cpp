#include "ruhnsw/link.hpp"

#include <cstring>

#include "graph/neighbours.hpp"

namespace pgmind::ruhnsw {
namespace {

void put_edge(const Links& links, uint32 place, SlotId child, graph::EdgeFactors factors,
              const uint8* code) {
    links.ids[place] = child;
    links.f1[place] = factors.f1;
    links.f2[place] = factors.f2;
    std::memcpy(links.code(place), code, links.code_bytes);
}

// False if the slot is gone.
bool write_links(const Index& index, const Tenant& tenant, SlotId id, int level,
                 const LevelPlan& plan) {
    Slot* slot;
    Buffer buffer = lock_slot(index, tenant, id, level, BUFFER_LOCK_EXCLUSIVE, &slot);
    if (!BufferIsValid(buffer)) {
        return false;
    }
    PageEdit edit = edit_start(index);
    slot = slot_on(edit_page(&edit, buffer), tenant.geometry, id);
    const Links links = links_of(slot, tenant.geometry);
    for (uint32 i = 0; i < plan.count; ++i) {
        put_edge(links, i, plan.ids[i], plan.factors[i],
                 plan.codes + static_cast<Size>(i) * links.code_bytes);
    }
    *links.degree = static_cast<uint16>(plan.count);
    slot->linked = true;
    edit_finish(&edit);
    UnlockReleaseBuffer(buffer);
    return true;
}

// The slots that the slot's pinned edges lead to.
int copy_pinned(const Index& index, const Tenant& tenant, SlotId id, int level, SlotId* targets,
                int targets_max) {
    Slot* slot;
    Buffer buffer = lock_slot(index, tenant, id, level, BUFFER_LOCK_SHARE, &slot);
    if (!BufferIsValid(buffer)) {
        return 0;
    }
    const Links links = links_of(slot, tenant.geometry);
    int count = 0;
    for (uint32 i = 0; i < std::min<uint32>(*links.degree, links.capacity); ++i) {
        if (graph::is_pinned(links.f2[i]) && count < targets_max) {
            targets[count++] = links.ids[i];
        }
    }
    UnlockReleaseBuffer(buffer);
    return count;
}

// The neighbours have no room for a pinned edge: then a slot that chains of pinned edges from one
// of them lead to. There is one such edge a slot and room for m, so every chain comes to a slot
// that has room. A hash picks the chain: else those of many equal vectors would all grow at one
// place.
void pin_below(const Index& index, const Tenant& tenant, SlotId start, int level, SlotId id,
               const float* vector) {
    // A level above is only a short cut, and with m = 2 has room for one such edge a slot.
    const int steps_max = level == 0 ? 1024 : 32;
    constexpr int chain_max = 256;  // a chain may lead back to where it came from
    SlotId slot = start;
    for (int step = 1; step <= steps_max; ++step) {
        CHECK_FOR_INTERRUPTS();
        SlotId targets[2 * 100];
        if (slot == id || pin_edge(index, tenant, slot, level, id, vector)) {
            return;
        }
        const int count = copy_pinned(index, tenant, slot, level, targets, lengthof(targets));
        const bool ends = count == 0 || step % chain_max == 0;
        const uint64 chance = hash_bytes_uint32_extended(id, static_cast<uint64>(step));
        slot = ends ? start : targets[chance % static_cast<uint64>(count)];
    }
}

// One edge that leads to the new slot is pinned: it stays, so that the slot can always be reached.
// From the nearest neighbour that has room for one more such.
void add_reverse_edges(const Index& index, const Tenant& tenant, SlotId id, int level,
                       const float* vector, const LevelPlan& plan) {
    bool is_pinned = false;
    for (uint32 i = 0; i < plan.count; ++i) {
        CHECK_FOR_INTERRUPTS();
        const uint8* code = plan.reverse_codes + static_cast<Size>(i) * tenant.geometry.code_bytes;
        const graph::EdgeFactors factors = plan.reverse_factors[i];
        if (!is_pinned) {
            is_pinned =
                add_edge(index, tenant, plan.ids[i], level, id, graph::pinned(factors), code, true);
        } else {
            add_edge(index, tenant, plan.ids[i], level, id, factors, code, false);
        }
    }
    if (!is_pinned && plan.count > 0) {
        pin_below(index, tenant, plan.ids[0], level, id, vector);
    }
}

// Whether the node of the slot has rows; a slot of an upper level may not know yet.
bool is_live_node(const Index& index, const Tenant& tenant, SlotId id, int level) {
    Slot* slot;
    Buffer buffer = lock_slot(index, tenant, id, level, BUFFER_LOCK_SHARE, &slot);
    if (!BufferIsValid(buffer)) {
        return false;
    }
    const bool is_live = slot->state == SlotState::live;
    const SlotId base = slot->base;
    UnlockReleaseBuffer(buffer);
    return is_live && (level == 0 || is_live_node(index, tenant, base, 0));
}

// All nodes are within reach of the entry's node; so they are of `node` once that leads there.
void lead_to_entry(const Index& index, const Tenant& tenant, const Root& root, SlotId node) {
    if (root.entry == invalid_slot) {
        return;
    }
    SlotId base = root.entry;
    if (root.level > 0) {
        Slot* slot;
        Buffer buffer = lock_slot(index, tenant, base, root.level, BUFFER_LOCK_SHARE, &slot);
        if (!BufferIsValid(buffer)) {
            return;
        }
        base = slot->base;
        UnlockReleaseBuffer(buffer);
    }
    auto* vector = static_cast<float*>(palloc(tenant.geometry.rotated * sizeof(float)));
    if (base != node && copy_vector(index, tenant, base, 0, vector)) {
        pin_edge(index, tenant, node, 0, base, vector);
    }
}

// Makes the slot of `node` the entry if there is none, or one below its level. `alone`: also in
// place of an entry that has no live row. False if a node without links now would be out of reach.
bool raise_entry(const Index& index, Tenant* tenant, SlotId node, SlotId id, int level,
                 bool alone) {
    if (!alone && level <= tenant->root.level) {
        return true;
    }
    Root* root;
    Buffer buffer = lock_root(index, *tenant, BUFFER_LOCK_EXCLUSIVE, &root);
    if (!BufferIsValid(buffer)) {
        return true;
    }
    const bool replace = root->entry == invalid_slot || level > root->level ||
                         (alone && !is_live_node(index, *tenant, root->entry, root->level));
    if (replace) {
        lead_to_entry(index, *tenant, *root, node);
        PageEdit edit = edit_start(index);
        root = root_at(edit_page(&edit, buffer), tenant->offset);
        root->entry = id;
        root->level = static_cast<uint8>(level);
        edit_finish(&edit);
    }
    tenant->root = *root_at(BufferGetPage(buffer), tenant->offset);
    UnlockReleaseBuffer(buffer);
    return replace || !alone;
}

}  // namespace

bool add_edge(const Index& index, const Tenant& tenant, SlotId parent, int level, SlotId child,
              graph::EdgeFactors factors, const uint8* code, bool must_add) {
    Slot* slot;
    Buffer buffer = lock_slot(index, tenant, parent, level, BUFFER_LOCK_EXCLUSIVE, &slot);
    if (!BufferIsValid(buffer)) {
        return false;
    }
    const Geometry& geometry = tenant.geometry;
    Links links = links_of(slot, geometry);
    const uint32 degree = std::min<uint32>(*links.degree, links.capacity);
    const auto known =
        static_cast<uint32>(std::find(links.ids, links.ids + degree, child) - links.ids);
    // An edge that is there may have to be pinned still.
    bool kept =
        known < degree && (graph::is_pinned(links.f2[known]) || !graph::is_pinned(factors.f2));
    int place = static_cast<int>(known);
    if (known == degree && degree == links.capacity) {
        place =
            graph::slot_to_replace(index.meta.metric, {links.f1, links.f2, links.codes, degree},
                                   {factors, code}, geometry.rotated, geometry.code_bits, must_add);
    }
    if (!kept && place != graph::no_slot) {
        PageEdit edit = edit_start(index);
        slot = slot_on(edit_page(&edit, buffer), geometry, parent);
        links = links_of(slot, geometry);
        put_edge(links, static_cast<uint32>(place), child, factors, code);
        *links.degree =
            static_cast<uint16>(std::max<uint32>(degree, static_cast<uint32>(place) + 1));
        edit_finish(&edit);
        kept = true;
    }
    UnlockReleaseBuffer(buffer);
    return kept;
}

bool pin_edge(const Index& index, const Tenant& tenant, SlotId parent, int level, SlotId child,
              const float* vector) {
    const Geometry& geometry = tenant.geometry;
    auto* from = static_cast<float*>(palloc(geometry.rotated * sizeof(float)));
    auto* code = static_cast<uint8*>(palloc(geometry.code_bytes));
    bool added = false;
    if (copy_vector(index, tenant, parent, level, from)) {
        const graph::EdgeFactors factors = graph::encode_edge(
            index.meta.metric, from, vector, geometry.rotated, geometry.code_bits, code);
        added = add_edge(index, tenant, parent, level, child, graph::pinned(factors), code, true);
    }
    pfree(code);
    pfree(from);
    return added;
}

bool set_lost_entry(const Index& index, Tenant* tenant, SlotId id) {
    Root* root;
    Buffer buffer = lock_root(index, *tenant, BUFFER_LOCK_EXCLUSIVE, &root);
    if (!BufferIsValid(buffer)) {
        return false;
    }
    const bool is_lost =
        root->entry == invalid_slot || !is_live_node(index, *tenant, root->entry, root->level);
    if (is_lost) {
        PageEdit edit = edit_start(index);
        root = root_at(edit_page(&edit, buffer), tenant->offset);
        root->entry = id;
        root->level = 0;
        edit_finish(&edit);
    }
    tenant->root = *root_at(BufferGetPage(buffer), tenant->offset);
    UnlockReleaseBuffer(buffer);
    return is_lost;
}

void connect(const Index& index, Tenant* tenant, SlotId id, const float* vector, VectorPlace place,
             ItemPointerData tid, uint32 ef_construction, LinkPlan* plan) {
    constexpr int attempts_max = 100;
    for (int attempt = 0;; ++attempt) {
        if (!write_links(index, *tenant, id, 0, plan->levels[0])) {
            return;
        }
        add_reverse_edges(index, *tenant, id, 0, vector, plan->levels[0]);
        if (plan->levels[0].count > 0 || raise_entry(index, tenant, id, id, 0, true)) {
            break;
        }
        if (attempt == attempts_max) {
            elog(ERROR, "no way into the graph of index \"%s\"",
                 RelationGetRelationName(index.relation));
        }
        // Somebody else was the first of the graph.
        plan_links(index, tenant, vector, choose_level(index, tid), id, ef_construction, plan);
    }
    SlotId below = id;
    for (int level = 1; level <= plan->level; ++level) {
        below = append_slot(index, tenant, {level, id, below, vector, place, tid});
        if (below == invalid_slot ||
            !write_links(index, *tenant, below, level, plan->levels[level])) {
            return;
        }
        add_reverse_edges(index, *tenant, below, level, vector, plan->levels[level]);
    }
    raise_entry(index, tenant, id, below, plan->level, false);
}

}  // namespace pgmind::ruhnsw
