#include "ruhnsw/search.hpp"

#include <cstring>

#include "ruhnsw/vector_store.hpp"

namespace pgmind::ruhnsw {
namespace {

constexpr Size first_seen_slots = 1024;
// Of an insert's search, which is longer: so that it seldom grows.
constexpr Size insert_seen_slots = 4096;
constexpr Size first_frontier_room = 512;
constexpr uint32 first_found_room = 64;
constexpr Size prefetch_head_bytes = 768;
constexpr Size prefetch_vector_bytes = 256;

void* allocate(Search* search, Size bytes) {
    return MemoryContextAllocHuge(search->memory, bytes);
}

void* allocate_aligned(Search* search, Size bytes) {
    const auto start = reinterpret_cast<std::uintptr_t>(allocate(search, bytes + 64));
    return reinterpret_cast<void*>((start + 63) & ~static_cast<std::uintptr_t>(63));
}

void grow_found(Search* search, uint32 room) {
    auto* found = static_cast<Found*>(allocate(search, room * sizeof(Found)));
    if (search->found != nullptr) {
        std::memcpy(found, search->found, search->found_count * sizeof(Found));
        pfree(search->found);
    }
    search->found = found;
    if (search->keeps_vectors) {
        const Size bytes = search->tenant->geometry.rotated * sizeof(float);
        auto* vectors = static_cast<float*>(allocate(search, room * bytes));
        if (search->vectors != nullptr) {
            std::memcpy(vectors, search->vectors, search->found_count * bytes);
            pfree(search->vectors);
        }
        search->vectors = vectors;
    }
    search->found_room = room;
}

void push_frontier(Search* search, graph::Candidate candidate) {
    graph::Frontier* frontier = &search->frontier;
    if (frontier->is_full()) {
        const Size room = std::max(first_frontier_room, 2 * frontier->capacity());
        auto* items =
            static_cast<graph::Candidate*>(allocate(search, room * sizeof(graph::Candidate)));
        const graph::Candidate* old = frontier->items();
        frontier->move_to(items, room);
        if (old != nullptr) {
            pfree(const_cast<graph::Candidate*>(old));
        }
    }
    frontier->push(candidate);
}

bool mark_seen(Search* search, SlotId id) {
    if (search->seen.must_grow()) {
        const Size slots = 2 * search->seen.slots();
        search->seen.move_to(static_cast<SlotId*>(allocate(search, slots * sizeof(SlotId))), slots);
    }
    return search->seen.insert(id);
}

// The slot if it still is what a link promised.
Slot* slot_of_link(const Search* search, Page page, SlotId id, int level) {
    const uint32 tenant = search->tenant->root.tenant;
    if (!is_page(page, level == 0 ? PageKind::node : PageKind::upper, tenant)) {
        return nullptr;
    }
    const SlotGeometry& geometry = search->tenant->geometry.at_level(level);
    if (slot_number(id) >= page_slots(page, geometry)) {
        return nullptr;
    }
    Slot* slot = slot_at(page, geometry, slot_number(id));
    const bool fits = slot->tenant == tenant && slot->state != SlotState::free && slot->linked &&
                      slot->level == level;
    return fits ? slot : nullptr;
}

// Dead nodes are steps only; those of upper levels may not know yet.
bool is_result(const Found& found, int level) {
    return level > 0 || (found.live && found.tid_count > 0);
}

void make_room(Search* search) {
    if (search->found_count == search->found_room) {
        grow_found(search, std::max(first_found_room, 2 * search->found_room));
    }
}

// Copies the vector to where offer_found will put what was found: a new place, or that of the
// farthest, which gives way. (Searches that keep vectors are not resumable.)
void keep_vector(Search* search, const float* vector, float distance) {
    uint32 place = search->found_count;
    if (search->nearest.size() < search->ef) {
        make_room(search);
    } else if (distance < search->nearest.top().distance) {
        place = search->nearest.top().node;
    } else {
        return;
    }
    const Size floats = search->tenant->geometry.rotated;
    std::memcpy(search->vectors + place * floats, vector, floats * sizeof(float));
}

// Exact distance and estimates from the slot, whose page is locked.
bool measure(Search* search, Slot* slot, SlotId id, Found* found) {
    const Geometry& geometry = search->tenant->geometry;
    const Metric metric = search->index->meta.metric;
    const float* vector = slot_vector(*search->index, geometry, slot, search->vector_buffer);
    if (vector == nullptr) {
        return false;
    }
    found->id = id;
    found->below = slot->below;
    found->base = slot->level == 0 ? id : slot->base;
    if (search->entry_base == invalid_slot) {
        search->entry_base = found->base;
    }
    found->distance = vector_distance(metric, search->query, vector, geometry.rotated);
    if (std::isnan(found->distance)) {
        // Numbers that overflowed: last, but in an order that can be sorted.
        found->distance = std::numeric_limits<float>::infinity();
    }
    found->live = slot->state == SlotState::live;
    found->tid_count = slot->tid_count;
    std::memcpy(found->tids, slot->tids, slot->tid_count * sizeof(ItemPointerData));
    if (search->keeps_vectors && is_result(*found, slot->level)) {
        keep_vector(search, vector, found->distance);
    }
    const Links links = links_of(slot, geometry);
    search->links = std::min<uint32>(*links.degree, links.capacity);
    if (search->links > 0) {
        std::memcpy(search->ids, links.ids, search->links * sizeof(SlotId));
        graph::prepare_query(search->query, vector, geometry.rotated, geometry.code_bits,
                             search->code);
        graph::estimate(metric, *search->code, found->distance,
                        {links.f1, links.f2, links.codes, search->links}, search->estimates);
    }
    return true;
}

bool make_step(Search* search, SlotId id, int level, Found* found) {
    ++search->steps;
    Buffer buffer = read_page(*search->index, slot_block(id), BUFFER_LOCK_SHARE);
    Slot* slot = slot_of_link(search, BufferGetPage(buffer), id, level);
    const bool ok = slot != nullptr && measure(search, slot, id, found);
    UnlockReleaseBuffer(buffer);
    search->has_lost_way |= !ok;
    return ok;
}

// What is probably the step after this one.
void prefetch_next(const Search* search, int level) {
    if (search->frontier.is_empty()) {
        return;
    }
    const SlotId id = search->frontier.top().node;
    const SlotGeometry& geometry = search->tenant->geometry.at_level(level);
    const Size start = page_head_bytes + static_cast<Size>(slot_number(id)) * geometry.stride;
    // The beginnings only: the processor itself fetches what follows in a row, and it has few
    // places for fetches under way.
    prefetch_page(*search->index, slot_block(id), start, prefetch_head_bytes);
    prefetch_page(*search->index, slot_block(id), start + geometry.vector_offset,
                  prefetch_vector_bytes);
}

uint32 new_place(Search* search) {
    make_room(search);
    return search->found_count++;
}

void offer_found(Search* search, const Found& found, uint32 ef) {
    graph::Nearest* nearest = &search->nearest;
    if (nearest->size() < ef) {
        const uint32 place = new_place(search);
        search->found[place] = found;
        nearest->push({found.distance, place});
        return;
    }
    if (found.distance >= nearest->top().distance) {
        if (search->resumable) {
            const uint32 place = new_place(search);
            search->found[place] = found;
            set_aside(search, place);
        }
        return;
    }
    uint32 place = nearest->pop().node;
    if (search->resumable) {
        set_aside(search, place);
        place = new_place(search);
    }
    search->found[place] = found;
    nearest->push({found.distance, place});
}

// Nothing is looked up here: few searches go on.
void pass_by(Search* search, graph::Candidate candidate) {
    if (search->passed_count == search->passed_room) {
        const uint32 room = std::max<uint32>(1024, 2 * search->passed_room);
        auto* passed =
            static_cast<graph::Candidate*>(allocate(search, room * sizeof(graph::Candidate)));
        if (search->passed != nullptr) {
            std::copy(search->passed, search->passed + search->passed_count, passed);
            pfree(search->passed);
        }
        search->passed = passed;
        search->passed_room = room;
    }
    search->passed[search->passed_count++] = candidate;
}

void follow_links(Search* search, uint32 ef) {
    const bool is_full = search->nearest.size() >= ef;
    const float bound = is_full ? search->nearest.top().distance : 0;
    for (uint32 i = 0; i < search->links; ++i) {
        const graph::Candidate candidate{search->estimates[i], search->ids[i]};
        // Not what is as far either: of many equal vectors a search would visit all.
        if (is_full && candidate.distance >= bound) {
            if (search->resumable) {
                pass_by(search, candidate);
            }
            continue;
        }
        if (candidate.node != invalid_slot && mark_seen(search, candidate.node)) {
            push_frontier(search, candidate);
        }
    }
}

// Where the search has come to an end of what it met, it goes on at the node of the entry: every
// node is within reach of that one.
bool has_next(Search* search, int level) {
    if (search->frontier.is_empty() && search->nearest.size() < search->ef && level == 0 &&
        search->entry_base != invalid_slot) {
        add_start(search, search->entry_base);
    }
    return !search->frontier.is_empty();
}

}  // namespace

void set_aside(Search* search, uint32 place) {
    if (search->set_aside_count == search->set_aside_room) {
        const uint32 room = std::max<uint32>(64, 2 * search->set_aside_room);
        auto* places = static_cast<uint32*>(allocate(search, room * sizeof(uint32)));
        if (search->set_aside != nullptr) {
            std::memcpy(places, search->set_aside, search->set_aside_count * sizeof(uint32));
            pfree(search->set_aside);
        }
        search->set_aside = places;
        search->set_aside_room = room;
    }
    search->set_aside[search->set_aside_count++] = place;
}

void take_up_passed(Search* search) {
    for (uint32 i = 0; i < search->passed_count; ++i) {
        if (search->passed[i].node != invalid_slot && mark_seen(search, search->passed[i].node)) {
            push_frontier(search, search->passed[i]);
        }
    }
    search->passed_count = 0;
}

void reserve_nearest(Search* search, uint32 ef) {
    if (search->nearest.capacity() < ef) {
        auto* items =
            static_cast<graph::Candidate*>(allocate(search, ef * sizeof(graph::Candidate)));
        search->nearest = graph::Nearest(items, ef);
    }
}

void init_search(Search* search) {
    const Geometry& geometry = search->tenant->geometry;
    const Size capacity = std::max(geometry.node.capacity, geometry.upper.capacity);
    search->code =
        static_cast<graph::QueryCode*>(allocate_aligned(search, sizeof(graph::QueryCode)));
    search->ids = static_cast<SlotId*>(allocate(search, capacity * sizeof(SlotId)));
    search->estimates = static_cast<float*>(allocate(search, capacity * sizeof(float)));
    search->vector_buffer =
        static_cast<float*>(allocate_aligned(search, geometry.rotated * sizeof(float)));
    const Size seen_slots = search->keeps_vectors ? insert_seen_slots : first_seen_slots;
    search->seen = graph::NodeSet(
        static_cast<SlotId*>(allocate(search, seen_slots * sizeof(SlotId))), seen_slots);
}

void clear_search(Search* search, uint32 ef) {
    search->frontier.clear();
    search->seen.clear();
    search->set_aside_count = 0;
    search->passed_count = 0;
    search->found_count = 0;
    search->nearest.clear();
    reserve_nearest(search, ef);
    if (search->keeps_vectors && search->found_room < ef) {
        grow_found(search, std::max(first_found_room, ef));
    }
}

void add_start(Search* search, SlotId id) {
    if (mark_seen(search, id)) {
        push_frontier(search, {-std::numeric_limits<float>::infinity(), id});
    }
}

void run_search(Search* search, int level, uint32 ef, uint64 steps_max) {
    search->ef = ef;
    while (search->steps < steps_max && has_next(search, level)) {
        CHECK_FOR_INTERRUPTS();
        const graph::Candidate next = search->frontier.top();
        if (search->nearest.size() >= ef && next.distance >= search->nearest.top().distance) {
            return;
        }
        search->frontier.pop();
        prefetch_next(search, level);
        Found found;
        if (!make_step(search, next.node, level, &found)) {
            continue;
        }
        if (is_result(found, level)) {
            offer_found(search, found, ef);
        }
        follow_links(search, ef);
    }
}

bool descend(Search* search, int level, uint32 ef) {
    const Root& root = search->tenant->root;
    if (root.entry == invalid_slot) {
        return false;
    }
    search->entry_base = invalid_slot;
    const int top = root.level;
    SlotId start = root.entry;
    for (int above = top; above > level; --above) {
        clear_search(search, 1);
        add_start(search, start);
        run_search(search, above, 1, PG_UINT64_MAX);
        if (search->nearest.is_empty()) {
            return false;
        }
        start = search->found[search->nearest.top().node].below;
    }
    clear_search(search, ef);
    add_start(search, start);
    return true;
}

uint32* take_nearest(Search* search, uint32* count) {
    search->nearest.sort();
    *count = static_cast<uint32>(search->nearest.size());
    auto* places =
        static_cast<uint32*>(allocate(search, std::max<Size>(*count, 1) * sizeof(uint32)));
    for (uint32 i = 0; i < *count; ++i) {
        places[i] = search->nearest.items()[i].node;
    }
    search->nearest.clear();
    return places;
}

}  // namespace pgmind::ruhnsw
