#include "ruhnsw/stream.hpp"

#include <cstring>

#include "ruhnsw/handler.hpp"
#include "ruhnsw/vector_store.hpp"

namespace pgmind::ruhnsw {
namespace {

uint32 ef_search() {
    return static_cast<uint32>(ef_search_setting);
}

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

void search_first(Stream* stream) {
    constexpr int attempts_max = 5;
    init_search(&stream->search);
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        if (descend(&stream->search, 0, ef_search())) {
            run_search(&stream->search, 0, ef_search(), PG_UINT64_MAX);
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
    stream->batch = take_nearest(&stream->search, &stream->batch_count);
}

// The next of a search that returned its first. Twice as many as are returned are looked for: what
// is found late then still comes in its place, mostly.
void search_on(Stream* stream) {
    Search* search = &stream->search;
    const uint32 ef = 2 * ef_search();
    const Found* found = search->found;
    std::sort(search->set_aside, search->set_aside + search->set_aside_count,
              [found](uint32 a, uint32 b) { return found[a].distance < found[b].distance; });
    const uint32 taken = std::min(ef, search->set_aside_count);
    reserve_nearest(search, ef);
    for (uint32 i = 0; i < taken; ++i) {
        search->nearest.push({found[search->set_aside[i]].distance, search->set_aside[i]});
    }
    search->set_aside_count -= taken;
    std::memmove(search->set_aside, search->set_aside + taken,
                 search->set_aside_count * sizeof(uint32));
    run_search(search, 0, ef, static_cast<uint64>(max_scan_tuples_setting));
    pfree(stream->batch);
    stream->batch = take_nearest(search, &stream->batch_count);
    for (uint32 i = ef_search(); i < stream->batch_count; ++i) {
        set_aside(search, stream->batch[i]);
    }
    stream->batch_count = std::min(stream->batch_count, ef_search());
}

bool is_strict() {
    return iterative_scan_setting == static_cast<int>(IterativeScan::strict_order);
}

// A step of a search costs several times what it costs to read the next page of the chain.
constexpr uint64 walk_share = 16;

// Whether the rest had better be read and sorted: in strict order, as a search finds the more rows
// too late the farther it goes, and where the scan may visit every node.
bool must_walk(const Stream* stream) {
    const uint64 nodes = static_cast<uint64>(stream->tenant.root.node_pages) *
                         stream->tenant.geometry.node.slots_per_page;
    return is_strict() && nodes <= static_cast<uint64>(max_scan_tuples_setting) &&
           stream->search.steps >= nodes / walk_share;
}

// What is not returned yet and does not come too late.
void add_rest(void* context, SlotId id, const Slot& slot, float distance) {
    auto* stream = static_cast<Stream*>(context);
    const SlotId* end = stream->last_nodes + stream->last_count;
    const bool is_beyond =
        distance > stream->last_distance ||
        (distance == stream->last_distance &&
         std::find(static_cast<const SlotId*>(stream->last_nodes), end, id) == end);
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
void note_last(Stream* stream, const Found& found) {
    if (found.distance > stream->last_distance) {
        stream->last_distance = found.distance;
        stream->last_count = 0;
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
    stream->last_nodes[stream->last_count++] = found.id;
}

void next_batch(Stream* stream) {
    stream->batch_next = 0;
    stream->batch_count = 0;
    const bool reads_all =
        stream->query == nullptr || stream->tenant.root.state == TenantState::flat;
    if (!stream->is_started) {
        stream->is_started = true;
        reads_all ? read_all(stream) : search_first(stream);
    } else if (!reads_all && iterative_scan_setting != static_cast<int>(IterativeScan::off)) {
        if (must_walk(stream)) {
            walk_rest(stream);
            return;
        }
        search_on(stream);
    }
    stream->is_at_end = stream->batch_count == 0;
}

bool comes_too_late(const Stream* stream, const Found& found) {
    return is_strict() && found.distance < stream->last_distance;
}

}  // namespace

Stream* open_stream(const Index& index, const Tenant& tenant, const float* query,
                    MemoryContext memory) {
    auto* stream = static_cast<Stream*>(MemoryContextAlloc(memory, sizeof(Stream)));
    *stream = Stream{&index, tenant, query, memory, {}};
    stream->search = Search{&index, &stream->tenant, query, memory, false, true};
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
    if (stream->tid_next == 0 && is_strict()) {
        note_last(stream, found);
    }
    return found.tids[stream->tid_next++];
}

void close_stream(Stream* stream) {
    if (stream->rest != nullptr) {
        close_sorted_rows(stream->rest);
    }
}

}  // namespace pgmind::ruhnsw
