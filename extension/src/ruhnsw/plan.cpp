// Choosing the neighbours of a new node.

#include <cstring>

#include "graph/neighbours.hpp"
#include "ruhnsw/link.hpp"

namespace pgmind::ruhnsw {
namespace {

// The candidates of one level, and where their vectors are.
struct Candidates {
    const Search* search;
    graph::Candidate* items;  // distance to the new node, place in search->found
    uint32 count;
};

float pair_distance(void* context, std::size_t a, std::size_t b) {
    const auto* candidates = static_cast<const Candidates*>(context);
    const Search* search = candidates->search;
    return vector_distance(search->index->meta.metric, search->vector_at(candidates->items[a].node),
                           search->vector_at(candidates->items[b].node),
                           search->tenant->geometry.rotated);
}

void* allocate(Search* search, Size bytes) {
    return MemoryContextAlloc(search->memory, std::max<Size>(bytes, 1));
}

Candidates live_candidates(Search* search, const uint32* places, uint32 count, SlotId self,
                           int level) {
    Candidates candidates{search, nullptr, 0};
    candidates.items =
        static_cast<graph::Candidate*>(allocate(search, count * sizeof(graph::Candidate)));
    for (uint32 i = 0; i < count; ++i) {
        const Found& found = search->found[places[i]];
        if (found.live && (level > 0 || found.id != self)) {
            candidates.items[candidates.count++] = {found.distance, places[i]};
        }
    }
    return candidates;
}

void plan_level(Search* search, int level, Candidates candidates, LevelPlan* plan) {
    const Geometry& geometry = search->tenant->geometry;
    const Metric metric = search->index->meta.metric;
    const Size keep = geometry.at_level(level).capacity;
    auto* chosen = static_cast<uint32*>(allocate(search, keep * sizeof(uint32)));
    plan->count = static_cast<uint32>(graph::select_neighbours(
        candidates.items, candidates.count, keep, {pair_distance, &candidates}, chosen));
    plan->ids = static_cast<SlotId*>(allocate(search, plan->count * sizeof(SlotId)));
    const Size factors_bytes = plan->count * sizeof(graph::EdgeFactors);
    const Size codes_bytes = static_cast<Size>(plan->count) * geometry.code_bytes;
    plan->factors = static_cast<graph::EdgeFactors*>(allocate(search, factors_bytes));
    plan->reverse_factors = static_cast<graph::EdgeFactors*>(allocate(search, factors_bytes));
    plan->codes = static_cast<uint8*>(allocate(search, codes_bytes));
    plan->reverse_codes = static_cast<uint8*>(allocate(search, codes_bytes));
    for (uint32 i = 0; i < plan->count; ++i) {
        const uint32 place = candidates.items[chosen[i]].node;
        const float* other = search->vector_at(place);
        const Size code = static_cast<Size>(i) * geometry.code_bytes;
        plan->ids[i] = search->found[place].id;
        plan->factors[i] = graph::encode_edge(metric, search->query, other, geometry.rotated,
                                              geometry.code_bits, plan->codes + code);
        plan->reverse_factors[i] =
            graph::encode_edge(metric, other, search->query, geometry.rotated, geometry.code_bits,
                               plan->reverse_codes + code);
    }
}

void note_same(const Search* search, const uint32* places, uint32 count, SlotId self,
               LinkPlan* plan) {
    const Size bytes = search->tenant->geometry.rotated * sizeof(float);
    for (uint32 i = 0; i < count && plan->same_count < static_cast<int>(lengthof(plan->same));
         ++i) {
        const Found& found = search->found[places[i]];
        const bool has_room = found.live && found.tid_count < heap_tids_max;
        if (has_room && found.id != self &&
            std::memcmp(search->vector_at(places[i]), search->query, bytes) == 0) {
            plan->same[plan->same_count++] = found.id;
        }
    }
}

// Several nodes of a level are where the search of the next one starts.
constexpr uint32 starts_max = 8;

bool plan_levels(Search* search, SlotId self, uint32 ef, LinkPlan* plan) {
    const int lowest = std::min<int>(plan->level, search->tenant->root.level);
    if (!descend(search, lowest, ef)) {
        return false;
    }
    for (int level = lowest; level >= 0; --level) {
        run_search(search, level, ef, PG_UINT64_MAX);
        uint32 count;
        const uint32* places = take_nearest(search, &count);
        if (count == 0 && level > 0) {
            return false;
        }
        plan_level(search, level, live_candidates(search, places, count, self, level),
                   &plan->levels[level]);
        if (level == 0) {
            note_same(search, places, count, self, plan);
            return true;
        }
        SlotId starts[starts_max];
        const uint32 start_count = std::min(count, starts_max);
        for (uint32 i = 0; i < start_count; ++i) {
            starts[i] = search->found[places[i]].below;
        }
        clear_search(search, ef);
        for (uint32 i = 0; i < start_count; ++i) {
            add_start(search, starts[i]);
        }
    }
    return true;
}

}  // namespace

int choose_level(const Index& index, ItemPointerData tid) {
    const uint64 bits =
        hash_bytes_uint32_extended(ItemPointerGetBlockNumberNoCheck(&tid),
                                   index.meta.seed ^ ItemPointerGetOffsetNumberNoCheck(&tid));
    const double uniform = (static_cast<double>(bits >> 11) + 1) * 0x1.0p-53;
    return std::min(static_cast<int>(-std::log(uniform) / std::log(index.meta.m)), level_max);
}

void plan_links(const Index& index, Tenant* tenant, const float* vector, int level, SlotId self,
                uint32 ef_construction, LinkPlan* plan) {
    Search search{&index, tenant, vector, CurrentMemoryContext, true, false};
    init_search(&search);
    constexpr int attempts_max = 5;
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        *plan = LinkPlan{};
        if (tenant->root.entry == invalid_slot) {
            return;
        }
        // One level more than there is: the node then is the only one there, and the entry.
        plan->level = std::min(level, tenant->root.level + 1);
        if (plan_levels(&search, self, ef_construction, plan)) {
            return;
        }
        // VACUUM took the way down from under the search; the root says another one.
        if (!refresh_tenant(index, tenant)) {
            break;
        }
    }
    *plan = LinkPlan{};
}

}  // namespace pgmind::ruhnsw
