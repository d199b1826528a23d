#include "ruhnsw/stream.hpp"

#include <cstring>
#include <numeric>

#include "ruhnsw/handler.hpp"
#include "ruhnsw/vector_store.hpp"

namespace pgmind::ruhnsw {
namespace {

Found* add_found(Search* search) {
    if (search->found_count == search->found_room) {
        const uint32 room = std::max<uint32>(64, 2 * search->found_room);
        auto* found =
            static_cast<Found*>(MemoryContextAllocHuge(search->memory, room * sizeof(Found)));
        if (search->found != nullptr) {
            std::memcpy(found, search->found, search->found_count * sizeof(Found));
            pfree(search->found);
        }
        search->found = found;
        search->found_room = room;
    }
    return &search->found[search->found_count++];
}

void note_found(void* context, SlotId id, const Slot& slot, float distance) {
    Found* found = add_found(static_cast<Search*>(context));
    found->id = id;
    found->distance = distance;
    found->tid_count = slot.tid_count;
    std::memcpy(found->tids, slot.tids, slot.tid_count * sizeof(ItemPointerData));
}

// Every node of the tenant: the chain of its pages.
void read_all(Stream* stream) {
    visit_nodes(*stream->index, stream->tenant, stream->query, note_found, &stream->search);
    auto* batch = static_cast<uint32*>(MemoryContextAllocHuge(
        stream->memory, std::max<Size>(stream->search.found_count, 1) * sizeof(uint32)));
    for (uint32 i = 0; i < stream->search.found_count; ++i) {
        batch[i] = i;
    }
    const Found* found = stream->search.found;
    std::sort(batch, batch + stream->search.found_count, [found](uint32 a, uint32 b) {
        return found[a].distance < found[b].distance ||
               (found[a].distance == found[b].distance && a < b);
    });
    stream->batch = batch;
    stream->batch_count = stream->search.found_count;
}

// Where any order will do nothing is read before it is asked for.
void read_next_page(Stream* stream) {
    Search* search = &stream->search;
    if (stream->batch == nullptr) {
        stream->batch = static_cast<uint32*>(
            MemoryContextAlloc(stream->memory, page_slots_max * sizeof(uint32)));
        std::iota(stream->batch, stream->batch + page_slots_max, 0);
    }
    search->found_count = 0;
    while (search->found_count == 0 && stream->next_page != InvalidBlockNumber) {
        stream->next_page = visit_nodes_of_page(*stream->index, stream->tenant, nullptr,
                                                stream->next_page, note_found, search);
    }
    stream->batch_count = search->found_count;
}

bool may_read_all(const Stream* stream) {
    return slots_of(stream->tenant) <= stream->nodes_max;
}

// How many of the first found are returned before the search goes on to more. In strict order a row
// found late is lost, and among the nearest half hardly one is.
uint32 first_count(const Stream* stream, uint32 found) {
    constexpr uint32 least = 10;
    return stream->is_strict ? std::min(found, std::max(stream->ef / 2, least)) : found;
}

// What is beyond the first `count` of the batch waits for the next.
void set_aside_from(Stream* stream, uint32 count) {
    for (uint32 i = count; i < stream->batch_count; ++i) {
        set_aside(&stream->search, stream->batch[i]);
    }
    stream->batch_count = std::min(stream->batch_count, count);
}

// Whether the search was not led everywhere, so that all rows had better be read.
bool has_missed_some(const Stream* stream) {
    return stream->search.has_lost_way && may_read_all(stream);
}

void search_first(Stream* stream) {
    constexpr int attempts_max = 5;
    init_search(&stream->search);
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        if (descend(&stream->search, 0, stream->ef)) {
            run_search(&stream->search, 0, stream->ef, PG_UINT64_MAX);
            if (!stream->search.nearest.is_empty()) {
                break;
            }
        }
        // The graph is empty, or VACUUM took the way down from under the search.
        const SlotId entry = stream->tenant.root.entry;
        if (!refresh_tenant(*stream->index, &stream->tenant) ||
            (stream->tenant.root.entry == entry && attempt > 0)) {
            break;
        }
    }
    // VACUUM met dead nodes only and took the entry away, but an insert has added a live one since.
    stream->search.has_lost_way |= stream->tenant.root.entry == invalid_slot;
    if (has_missed_some(stream)) {
        stream->search.found_count = 0;
        stream->reads_all = true;
        read_all(stream);
        return;
    }
    stream->batch = take_nearest(&stream->search, &stream->batch_count);
    set_aside_from(stream, first_count(stream, stream->batch_count));
}

// The next of a search that returned its first. Twice as many as are returned are looked for: what
// is found late then still comes in its place, mostly.
void search_on(Stream* stream) {
    Search* search = &stream->search;
    const uint32 ef = 2 * stream->ef;
    const Found* found = search->found;
    std::sort(search->set_aside, search->set_aside + search->set_aside_count,
              [found](uint32 a, uint32 b) { return found[a].distance < found[b].distance; });
    const uint32 taken = std::min(ef, search->set_aside_count);
    reserve_nearest(search, ef);
    for (uint32 i = 0; i < taken; ++i) {
        search->nearest.push({found[search->set_aside[i]].distance, search->set_aside[i]});
    }
    std::copy(search->set_aside + taken, search->set_aside + search->set_aside_count,
              search->set_aside);
    search->set_aside_count -= taken;
    take_up_passed(search);
    run_search(search, 0, ef, stream->nodes_max);
    pfree(stream->batch);
    stream->batch = take_nearest(search, &stream->batch_count);
    set_aside_from(stream, stream->ef);
}

// A step of a search costs several times what it costs to read the next page of the chain.
constexpr uint64 walk_share = 16;

// Whether the rest had better be read and sorted: in strict order, as a search finds the more rows
// too late the farther it goes, and where the scan may visit every node.
bool must_walk(const Stream* stream) {
    return stream->is_strict && may_read_all(stream) &&
           stream->search.steps >= slots_of(stream->tenant) / walk_share;
}

// What is not returned yet and does not come too late.
void add_rest(void* context, SlotId id, const Slot& slot, float distance) {
    auto* stream = static_cast<Stream*>(context);
    const SlotId* end = stream->last_nodes + stream->last_count;
    const bool is_beyond =
        stream->is_strict
            ? distance > stream->last_distance ||
                  (distance == stream->last_distance &&
                   std::find(static_cast<const SlotId*>(stream->last_nodes), end, id) == end)
            : !stream->search.seen.contains(id);
    for (int i = 0; is_beyond && i < slot.tid_count; ++i) {
        add_row(stream->rest, distance, slot.tids[i]);
    }
}

void walk_rest(Stream* stream) {
    MemoryContext before = MemoryContextSwitchTo(stream->memory);
    stream->rest = open_sorted_rows();
    visit_nodes(*stream->index, stream->tenant, stream->query, add_rest, stream);
    sort_rows(stream->rest);
    MemoryContextSwitchTo(before);
}

// Ties are told apart by their nodes.
void note_last(Stream* stream, SlotId id, float distance) {
    if (distance > stream->last_distance) {
        stream->last_distance = distance;
        stream->last_count = 0;
    }
    if (stream->last_count > 0 && stream->last_nodes[stream->last_count - 1] == id) {
        return;
    }
    if (stream->last_count == stream->last_room) {
        const uint32 room = std::max<uint32>(8, 2 * stream->last_room);
        auto* nodes =
            static_cast<SlotId*>(MemoryContextAllocHuge(stream->memory, room * sizeof(SlotId)));
        std::copy(stream->last_nodes, stream->last_nodes + stream->last_count, nodes);
        if (stream->last_nodes != nullptr) {
            pfree(stream->last_nodes);
        }
        stream->last_nodes = nodes;
        stream->last_room = room;
    }
    stream->last_nodes[stream->last_count++] = id;
}

void next_batch(Stream* stream) {
    stream->batch_next = 0;
    stream->batch_count = 0;
    const TenantState state = stream->tenant.root.state;
    if (stream->query == nullptr && state != TenantState::list) {
        read_next_page(stream);
    } else if (!stream->is_started) {
        stream->is_started = true;
        stream->reads_all = state != TenantState::graph;
        stream->reads_all ? read_all(stream) : search_first(stream);
    } else if (!stream->reads_all && stream->goes_on) {
        if (must_walk(stream)) {
            walk_rest(stream);
            return;
        }
        search_on(stream);
        if (stream->batch_count == 0 && has_missed_some(stream)) {
            walk_rest(stream);
            return;
        }
    }
    stream->is_at_end = stream->batch_count == 0;
}

bool comes_too_late(const Stream* stream, const Found& found) {
    return stream->is_strict && found.distance < stream->last_distance;
}

}  // namespace

Stream* open_stream(const Index& index, const Tenant& tenant, const float* query,
                    MemoryContext memory) {
    auto* stream = static_cast<Stream*>(MemoryContextAlloc(memory, sizeof(Stream)));
    *stream = Stream{&index, tenant, query, memory, {}};
    stream->search = Search{&index, &stream->tenant, query, memory, false, true};
    const auto mode = static_cast<IterativeScan>(iterative_scan_setting);
    stream->is_strict = mode == IterativeScan::strict_order;
    stream->goes_on = mode != IterativeScan::off;
    stream->ef = static_cast<uint32>(ef_search_setting);
    stream->nodes_max = static_cast<uint64>(max_scan_tuples_setting);
    stream->next_page = tenant.root.first_node;
    stream->last_distance = -std::numeric_limits<float>::infinity();
    return stream;
}

bool peek_row(Stream* stream, float* distance) {
    while (!stream->is_at_end) {
        if (stream->rest != nullptr) {
            stream->is_at_end = !peek_sorted(stream->rest, distance);
            return !stream->is_at_end;
        }
        if (stream->batch_next < stream->batch_count) {
            const Found& found = stream->search.found[stream->batch[stream->batch_next]];
            if (stream->tid_next < found.tid_count && !comes_too_late(stream, found)) {
                *distance = found.distance;
                return true;
            }
            ++stream->batch_next;
            stream->tid_next = 0;
            continue;
        }
        next_batch(stream);
    }
    return false;
}

ItemPointerData take_row(Stream* stream) {
    if (stream->rest != nullptr) {
        return take_sorted(stream->rest);
    }
    const Found& found = stream->search.found[stream->batch[stream->batch_next]];
    stream->taken_node = found.id;
    stream->taken_distance = found.distance;
    return found.tids[stream->tid_next++];
}

void confirm_row(Stream* stream) {
    if (stream->taken_node != invalid_slot && stream->is_strict && stream->query != nullptr) {
        note_last(stream, stream->taken_node, stream->taken_distance);
    }
    stream->taken_node = invalid_slot;
}

void close_stream(Stream* stream) {
    if (stream->rest != nullptr) {
        close_sorted_rows(stream->rest);
    }
}

}  // namespace pgmind::ruhnsw
