// Replacing links to dead nodes by links to those nodes' neighbours: a few page reads for each live
// node that lost one, not a new search.

#include <cstring>

#include "graph/neighbours.hpp"
#include "ruhnsw/vacuum.hpp"

namespace pgmind::ruhnsw {
namespace {

constexpr uint32 candidates_max = 64;

// A live slot with links to dead ones, copied.
struct Damaged {
    SlotId id;
    int level;
    float* vector;
    VectorPlace place;
    ItemPointerData tid;
    SlotId links[2 * 100];
    uint32 link_count;
    uint32 dead_count;
};

// Those that could take a dead link's place.
struct Candidates {
    const VacuumRun* run;
    const Tenant* tenant;
    graph::Candidate items[candidates_max];  // distance to the damaged slot
    float* vectors[candidates_max];
    uint32 count;
};

bool copy_damaged(const VacuumRun& run, const Tenant& tenant, SlotId id, int level, Damaged* out) {
    Slot* slot;
    Buffer buffer = lock_slot(run.index, tenant, id, level, BUFFER_LOCK_SHARE, &slot);
    if (!BufferIsValid(buffer)) {
        return false;
    }
    out->id = id;
    out->level = level;
    out->dead_count = 0;
    if (slot->state == SlotState::live) {
        const Links links = links_of(slot, tenant.geometry);
        out->link_count = std::min<uint32>(*links.degree, lengthof(out->links));
        for (uint32 i = 0; i < out->link_count; ++i) {
            out->links[i] = links.ids[i];
            out->dead_count += run.is_dead(links.ids[i]) ? 1 : 0;
        }
    }
    if (out->dead_count > 0) {
        out->vector = static_cast<float*>(palloc(tenant.geometry.rotated * sizeof(float)));
        out->place = {slot->vector_block, slot->vector_token};
        out->tid = slot->tids[0];
        const float* vector = slot_vector(run.index, tenant.geometry, slot, out->vector);
        if (vector == nullptr) {
            out->dead_count = 0;
        } else if (vector != out->vector) {
            std::memcpy(out->vector, vector, tenant.geometry.rotated * sizeof(float));
        }
    }
    UnlockReleaseBuffer(buffer);
    return out->dead_count > 0;
}

bool is_known(const Damaged& damaged, const Candidates& candidates, SlotId id) {
    const auto* links_end = damaged.links + damaged.link_count;
    if (id == damaged.id || std::find(damaged.links, links_end, id) != links_end) {
        return true;
    }
    return std::any_of(candidates.items, candidates.items + candidates.count,
                       [id](const graph::Candidate& other) { return other.node == id; });
}

// Keeps the nearest by estimate.
void offer(Candidates* candidates, graph::Candidate added) {
    if (candidates->count < candidates_max) {
        candidates->items[candidates->count++] = added;
        return;
    }
    auto* farthest = std::max_element(candidates->items, candidates->items + candidates->count,
                                      graph::is_nearer);
    if (graph::is_nearer(added, *farthest)) {
        *farthest = added;
    }
}

// The neighbours of a dead slot, at their estimated distances to the damaged one.
void add_neighbours(const VacuumRun& run, const Tenant& tenant, const Damaged& damaged, SlotId dead,
                    graph::QueryCode* code, Candidates* candidates) {
    const Geometry& geometry = tenant.geometry;
    Slot* slot;
    float* buffer_vector = static_cast<float*>(palloc(geometry.rotated * sizeof(float)));
    Buffer buffer = lock_slot(run.index, tenant, dead, damaged.level, BUFFER_LOCK_SHARE, &slot);
    if (!BufferIsValid(buffer)) {
        return;
    }
    const float* vector = slot_vector(run.index, geometry, slot, buffer_vector);
    const Links links = links_of(slot, geometry);
    const uint32 count = std::min<uint32>(*links.degree, links.capacity);
    if (vector != nullptr && count > 0) {
        auto* estimates = static_cast<float*>(palloc(count * sizeof(float)));
        const Metric metric = run.index.meta.metric;
        const float distance = vector_distance(metric, damaged.vector, vector, geometry.rotated);
        graph::prepare_query(damaged.vector, vector, geometry.rotated, geometry.code_bits, code);
        graph::estimate(metric, *code, distance, {links.f1, links.f2, links.codes, count},
                        estimates);
        for (uint32 i = 0; i < count; ++i) {
            if (!run.is_dead(links.ids[i]) && !is_known(damaged, *candidates, links.ids[i])) {
                offer(candidates, {estimates[i], links.ids[i]});
            }
        }
    }
    UnlockReleaseBuffer(buffer);
}

// Reads the vectors of the nearest candidates; those that are no live slots drop out.
void read_candidates(const Damaged& damaged, uint32 wanted, Candidates* candidates) {
    const VacuumRun& run = *candidates->run;
    const Geometry& geometry = candidates->tenant->geometry;
    std::sort(candidates->items, candidates->items + candidates->count, graph::is_nearer);
    uint32 kept = 0;
    for (uint32 i = 0; i < candidates->count && kept < wanted; ++i) {
        const SlotId id = candidates->items[i].node;
        Slot* slot;
        Buffer buffer =
            lock_slot(run.index, *candidates->tenant, id, damaged.level, BUFFER_LOCK_SHARE, &slot);
        if (!BufferIsValid(buffer)) {
            continue;
        }
        auto* copy = static_cast<float*>(palloc(geometry.rotated * sizeof(float)));
        const float* vector = slot_vector(run.index, geometry, slot, copy);
        if (vector != nullptr && slot->state == SlotState::live && slot->linked) {
            std::memmove(copy, vector, geometry.rotated * sizeof(float));
            candidates->vectors[kept] = copy;
            candidates->items[kept++] = {
                vector_distance(run.index.meta.metric, damaged.vector, copy, geometry.rotated), id};
        }
        UnlockReleaseBuffer(buffer);
    }
    candidates->count = kept;
}

float pair_distance(void* context, std::size_t a, std::size_t b) {
    const auto* candidates = static_cast<const Candidates*>(context);
    return vector_distance(candidates->run->index.meta.metric, candidates->vectors[a],
                           candidates->vectors[b], candidates->tenant->geometry.rotated);
}

// Ascending by distance, vectors along.
void sort_candidates(Candidates* candidates) {
    for (uint32 i = 1; i < candidates->count; ++i) {
        for (uint32 j = i;
             j > 0 && graph::is_nearer(candidates->items[j], candidates->items[j - 1]); --j) {
            std::swap(candidates->items[j], candidates->items[j - 1]);
            std::swap(candidates->vectors[j], candidates->vectors[j - 1]);
        }
    }
}

// Takes the links to dead slots out of the list. Returns how many are left.
uint32 drop_dead_links(const VacuumRun& run, const Tenant& tenant, const Damaged& damaged) {
    Slot* slot;
    Buffer buffer =
        lock_slot(run.index, tenant, damaged.id, damaged.level, BUFFER_LOCK_EXCLUSIVE, &slot);
    if (!BufferIsValid(buffer)) {
        return 0;
    }
    PageEdit edit = edit_start(run.index);
    slot = slot_on(edit_page(&edit, buffer), tenant.geometry, damaged.id);
    const Links links = links_of(slot, tenant.geometry);
    uint32 kept = 0;
    for (uint32 i = 0; i < *links.degree; ++i) {
        if (run.is_dead(links.ids[i])) {
            continue;
        }
        if (kept != i) {
            links.ids[kept] = links.ids[i];
            links.f1[kept] = links.f1[i];
            links.f2[kept] = links.f2[i];
            std::memcpy(links.code(kept), links.code(i), links.code_bytes);
        }
        ++kept;
    }
    *links.degree = static_cast<uint16>(kept);
    edit_finish(&edit);
    UnlockReleaseBuffer(buffer);
    return kept;
}

// Links both ways.
void link_candidates(const Damaged& damaged, Candidates* candidates) {
    const VacuumRun& run = *candidates->run;
    const Tenant& tenant = *candidates->tenant;
    const Geometry& geometry = tenant.geometry;
    const Metric metric = run.index.meta.metric;
    uint32 places[candidates_max];
    const Size chosen =
        graph::select_neighbours(candidates->items, candidates->count, damaged.dead_count,
                                 {pair_distance, candidates}, places);
    auto* code = static_cast<uint8*>(palloc(geometry.code_bytes));
    for (Size i = 0; i < chosen; ++i) {
        const SlotId other = candidates->items[places[i]].node;
        const float* vector = candidates->vectors[places[i]];
        const graph::EdgeFactors out = graph::encode_edge(
            metric, damaged.vector, vector, geometry.rotated, geometry.code_bits, code);
        add_edge(run.index, tenant, damaged.id, damaged.level, other, out, code, false);
        const graph::EdgeFactors in = graph::encode_edge(
            metric, vector, damaged.vector, geometry.rotated, geometry.code_bits, code);
        add_edge(run.index, tenant, other, damaged.level, damaged.id, in, code, false);
    }
}

// All neighbours died, and all of theirs: a search finds others.
void relink(const VacuumRun& run, Tenant* tenant, const Damaged& damaged) {
    if (!refresh_tenant(run.index, tenant)) {
        return;
    }
    constexpr uint32 ef = 100;
    LinkPlan plan;
    plan_links(run.index, tenant, damaged.vector, 0, damaged.id, ef, &plan);
    if (plan.levels[0].count == 0) {
        return;
    }
    plan.level = 0;
    connect(run.index, tenant, damaged.id, damaged.vector, damaged.place, damaged.tid, ef, &plan);
}

void repair_slot(VacuumRun* run, Tenant* tenant, SlotId id, int level) {
    MemoryContextReset(run->slot_memory);
    MemoryContext before = MemoryContextSwitchTo(run->slot_memory);
    auto* damaged = static_cast<Damaged*>(palloc(sizeof(Damaged)));
    if (copy_damaged(*run, *tenant, id, level, damaged)) {
        auto* candidates = static_cast<Candidates*>(palloc(sizeof(Candidates)));
        *candidates = {run, tenant, {}, {}, 0};
        void* room = palloc(sizeof(graph::QueryCode) + 64);
        auto* code = reinterpret_cast<graph::QueryCode*>(TYPEALIGN(64, room));
        for (uint32 i = 0; i < damaged->link_count; ++i) {
            if (run->is_dead(damaged->links[i])) {
                add_neighbours(*run, *tenant, *damaged, damaged->links[i], code, candidates);
            }
        }
        read_candidates(*damaged, std::min(2 * damaged->dead_count + 2, candidates_max),
                        candidates);
        sort_candidates(candidates);
        damaged->dead_count = std::min(damaged->dead_count, candidates_max);
        const uint32 kept = drop_dead_links(*run, *tenant, *damaged);
        link_candidates(*damaged, candidates);
        if (kept == 0 && candidates->count == 0 && level == 0) {
            relink(*run, tenant, *damaged);
        }
    }
    MemoryContextSwitchTo(before);
}

}  // namespace

void repair_page(VacuumRun* run, BlockNumber block) {
    struct {
        SlotId id;
        int level;
    } damaged[page_slots_max];
    int count = 0;
    VacuumTenant* tenant = nullptr;
    Buffer buffer = read_vacuum_page(*run, block, BUFFER_LOCK_SHARE);
    Page page = BufferGetPage(buffer);
    const PageKind kind = PageIsNew(page) ? PageKind::free : page_tail(page)->kind;
    if (kind == PageKind::node || kind == PageKind::upper) {
        tenant = find_vacuum_tenant(*run, page_tail(page)->tenant);
    }
    if (tenant != nullptr && tenant->dead > 0) {
        const Geometry& geometry = tenant->tenant.geometry;
        const SlotGeometry& part = kind == PageKind::node ? geometry.node : geometry.upper;
        const int slots = page_slots(page, part);
        for (int number = 0; number < slots; ++number) {
            Slot* slot = slot_at(page, part, number);
            const SlotId id = make_slot_id(block, number);
            if (slot->state != SlotState::live || !slot->linked) {
                continue;
            }
            const Links links = links_of(slot, geometry);
            const SlotId* end = links.ids + std::min<uint32>(*links.degree, links.capacity);
            if (std::any_of(static_cast<const SlotId*>(links.ids), end,
                            [run](SlotId link) { return run->is_dead(link); })) {
                damaged[count++] = {id, slot->level};
            }
        }
    }
    UnlockReleaseBuffer(buffer);
    for (int i = 0; i < count; ++i) {
        repair_slot(run, &tenant->tenant, damaged[i].id, damaged[i].level);
    }
}

}  // namespace pgmind::ruhnsw
