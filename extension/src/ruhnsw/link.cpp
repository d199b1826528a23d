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
    slot = slot_on(edit_page(&edit, buffer), tenant.geometry, id, level);
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

// One edge that leads to the new slot is pinned: it stays, so that the slot can always be reached.
// From the nearest neighbour that has room for one more such.
void add_reverse_edges(const Index& index, const Tenant& tenant, SlotId id, int level,
                       const LevelPlan& plan) {
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

// Makes the slot the entry if there is none, or one below its level. `alone`: also in place of an
// entry that has no live row. False if a node without links now would be out of reach.
bool raise_entry(const Index& index, Tenant* tenant, SlotId id, int level, bool alone) {
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
        slot = slot_on(edit_page(&edit, buffer), geometry, parent, level);
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

void connect(const Index& index, Tenant* tenant, SlotId id, const float* vector, VectorPlace place,
             ItemPointerData tid, uint32 ef_construction, LinkPlan* plan) {
    constexpr int attempts_max = 100;
    for (int attempt = 0;; ++attempt) {
        if (!write_links(index, *tenant, id, 0, plan->levels[0])) {
            return;
        }
        add_reverse_edges(index, *tenant, id, 0, plan->levels[0]);
        if (plan->levels[0].count > 0 || raise_entry(index, tenant, id, 0, true)) {
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
        add_reverse_edges(index, *tenant, below, level, plan->levels[level]);
    }
    raise_entry(index, tenant, below, plan->level, false);
}

}  // namespace pgmind::ruhnsw
