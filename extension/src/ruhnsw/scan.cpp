// Index scans: the streams of the tenants asked for, merged.

#include <cstring>

#include "ruhnsw/handler.hpp"
#include "ruhnsw/stream.hpp"
#include "ruhnsw/vector_store.hpp"
#include "vector.hpp"

namespace pgmind::ruhnsw {
namespace {

struct Scan {
    Index index;
    MemoryContext memory;  // of everything since the last restart
    bool is_started;
    Stream** streams;
    int stream_count;
    int stream_room;
    SortedRows* all;      // instead of streams
    Stream* returned;     // the row returned last came from
    const Vector* query;  // null: ORDER BY distance to NULL, any order
};

struct Keys {
    Key* items;
    int count;
};

bool is_same_key(const Key& a, const Key& b) {
    return a.hash == b.hash && a.length == b.length && std::memcmp(a.bytes, b.bytes, a.length) == 0;
}

// Any order, so that arrays of many keys are compared in little time.
bool is_before(const Key& a, const Key& b) {
    if (a.hash != b.hash || a.length != b.length) {
        return a.hash != b.hash ? a.hash < b.hash : a.length < b.length;
    }
    return std::memcmp(a.bytes, b.bytes, a.length) < 0;
}

bool has_key(const Keys& keys, const Key& key) {
    return std::binary_search(keys.items, keys.items + keys.count, key, is_before);
}

// The keys that one condition names, each once, sorted.
Keys keys_of(Relation index, const ScanKeyData& condition) {
    Keys keys{nullptr, 0};
    if ((condition.sk_flags & SK_ISNULL) != 0) {
        return keys;
    }
    Datum one = condition.sk_argument;
    Datum* values = &one;
    bool one_null = false;
    bool* nulls = &one_null;
    int count = 1;
    if ((condition.sk_flags & SK_SEARCHARRAY) != 0) {
        ArrayType* array = DatumGetArrayTypeP(condition.sk_argument);
        int16 length;
        bool by_value;
        char align;
        get_typlenbyvalalign(ARR_ELEMTYPE(array), &length, &by_value, &align);
        deconstruct_array(array, ARR_ELEMTYPE(array), length, by_value, align, &values, &nulls,
                          &count);
    }
    keys.items = static_cast<Key*>(MemoryContextAllocHuge(
        CurrentMemoryContext, sizeof(Key) * static_cast<Size>(std::max(count, 1))));
    for (int i = 0; i < count; ++i) {
        CHECK_FOR_INTERRUPTS();
        if (!nulls[i]) {
            keys.items[keys.count++] = make_key(index, values[i]);
        }
    }
    std::sort(keys.items, keys.items + keys.count, is_before);
    const Key* end = std::unique(keys.items, keys.items + keys.count, is_same_key);
    keys.count = static_cast<int>(end - keys.items);
    return keys;
}

// What all conditions together leave.
Keys keys_of_scan(IndexScanDesc scan) {
    Keys keys = keys_of(scan->indexRelation, scan->keyData[0]);
    for (int i = 1; i < scan->numberOfKeys; ++i) {
        const Keys others = keys_of(scan->indexRelation, scan->keyData[i]);
        Key* end = std::remove_if(keys.items, keys.items + keys.count,
                                  [&others](const Key& key) { return !has_key(others, key); });
        keys.count = static_cast<int>(end - keys.items);
    }
    return keys;
}

const float* query_for(const Scan* scan, const Tenant& tenant) {
    if (scan->query == nullptr) {
        return nullptr;
    }
    if (scan->query->dimensions != tenant.root.dimensions) {
        ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION),
                        errmsg("expected %d dimensions, not %d", tenant.root.dimensions,
                               scan->query->dimensions),
                        errdetail("The index has vectors of %d dimensions for this key.",
                                  tenant.root.dimensions)));
    }
    // Tenants of as many dimensions share the rotated query.
    for (int i = 0; i < scan->stream_count; ++i) {
        if (scan->streams[i]->tenant.root.dimensions == tenant.root.dimensions) {
            return scan->streams[i]->query;
        }
    }
    auto* rotated = static_cast<float*>(
        MemoryContextAlloc(scan->memory, tenant.geometry.rotated * sizeof(float)));
    // The cosine distance to a zero vector is NaN for every row: any order will do.
    return prepare_vector(scan->index, tenant.geometry, scan->query->values(), rotated) ? rotated
                                                                                        : nullptr;
}

// A stream takes some 30 KB as soon as its first row is known. Of more tenants all rows are sorted.
constexpr int streams_max = 1024;

void add_all_rows(void* context, SlotId, const Slot& slot, float distance) {
    for (int i = 0; i < slot.tid_count; ++i) {
        add_row(static_cast<SortedRows*>(context), distance, slot.tids[i]);
    }
}

bool add_stream(void* context, const Tenant& tenant, const char*) {
    auto* scan = static_cast<Scan*>(context);
    if (tenant.root.first_node == InvalidBlockNumber) {
        return true;
    }
    const float* query = query_for(scan, tenant);
    if (scan->stream_count == streams_max && scan->all == nullptr) {
        scan->all = open_sorted_rows();
        for (int i = 0; i < scan->stream_count; ++i) {
            const Stream* stream = scan->streams[i];
            visit_nodes(scan->index, stream->tenant, stream->query, add_all_rows, scan->all);
        }
    }
    if (scan->all != nullptr) {
        visit_nodes(scan->index, tenant, query, add_all_rows, scan->all);
        return true;
    }
    if (scan->stream_count == scan->stream_room) {
        const int room = std::max(4, 2 * scan->stream_room);
        auto* streams = static_cast<Stream**>(
            MemoryContextAllocHuge(scan->memory, sizeof(Stream*) * static_cast<Size>(room)));
        std::copy(scan->streams, scan->streams + scan->stream_count, streams);
        scan->streams = streams;
        scan->stream_room = room;
    }
    scan->streams[scan->stream_count++] = open_stream(scan->index, tenant, query, scan->memory);
    return true;
}

void start(IndexScanDesc descriptor, Scan* scan) {
    if (descriptor->numberOfOrderBys == 0) {
        elog(ERROR, "cannot scan ruhnsw index without order");
    }
    if (!IsMVCCSnapshot(descriptor->xs_snapshot)) {
        elog(ERROR, "non-MVCC snapshots are not supported with ruhnsw");
    }
    pgstat_count_index_scan(descriptor->indexRelation);
    const ScanKeyData& order = descriptor->orderByData[0];
    scan->query =
        (order.sk_flags & SK_ISNULL) != 0 ? nullptr : vector_from_datum(order.sk_argument);
    scan->index = open_index(descriptor->indexRelation);
    if (scan->index.meta.keyed && descriptor->numberOfKeys > 0) {
        const Keys keys = keys_of_scan(descriptor);
        for (int i = 0; i < keys.count; ++i) {
            Tenant tenant;
            if (find_tenant(scan->index, keys.items[i], &tenant)) {
                add_stream(scan, tenant, keys.items[i].bytes);
            }
        }
    } else if (scan->index.meta.keyed) {
        visit_tenants(scan->index, add_stream, scan);
    } else {
        Tenant tenant;
        if (find_tenant(scan->index, no_key, &tenant)) {
            add_stream(scan, tenant, "");
        }
    }
    if (scan->all != nullptr) {
        sort_rows(scan->all);
    }
    scan->is_started = true;
}

// What the next_row of a scan of many tenants does.
bool next_of_all(SortedRows* rows, ItemPointerData* tid) {
    float distance;
    const bool found = peek_sorted(rows, &distance);
    if (found) {
        *tid = take_sorted(rows);
    }
    return found;
}

bool next_of_streams(Scan* scan, ItemPointerData* tid) {
    Stream* nearest = nullptr;
    float nearest_distance = 0;
    for (int i = 0; i < scan->stream_count; ++i) {
        CHECK_FOR_INTERRUPTS();
        float distance;
        if (peek_row(scan->streams[i], &distance) &&
            (nearest == nullptr || distance < nearest_distance)) {
            nearest = scan->streams[i];
            nearest_distance = distance;
        }
    }
    if (nearest != nullptr) {
        *tid = take_row(nearest);
    }
    scan->returned = nearest;
    return nearest != nullptr;
}

void close_sources(Scan* scan) {
    for (int i = 0; i < scan->stream_count; ++i) {
        close_stream(scan->streams[i]);
    }
    if (scan->all != nullptr) {
        close_sorted_rows(scan->all);
    }
    scan->streams = nullptr;
    scan->returned = nullptr;
    scan->stream_count = scan->stream_room = 0;
    scan->all = nullptr;
}

}  // namespace

IndexScanDesc begin_scan(Relation index, int keys, int order_bys) {
    IndexScanDesc descriptor = RelationGetIndexScan(index, keys, order_bys);
    auto* scan = static_cast<Scan*>(palloc0(sizeof(Scan)));
    scan->memory =
        AllocSetContextCreate(CurrentMemoryContext, "ruhnsw scan", ALLOCSET_DEFAULT_SIZES);
    descriptor->opaque = scan;
    return descriptor;
}

void restart_scan(IndexScanDesc descriptor, ScanKey keys, int, ScanKey order_bys, int) {
    auto* scan = static_cast<Scan*>(descriptor->opaque);
    close_sources(scan);
    MemoryContextReset(scan->memory);
    scan->is_started = false;
    if (keys != nullptr && descriptor->numberOfKeys > 0) {
        std::copy(keys, keys + descriptor->numberOfKeys, descriptor->keyData);
    }
    if (order_bys != nullptr && descriptor->numberOfOrderBys > 0) {
        std::copy(order_bys, order_bys + descriptor->numberOfOrderBys, descriptor->orderByData);
    }
}

bool next_row(IndexScanDesc descriptor, ScanDirection) {
    auto* scan = static_cast<Scan*>(descriptor->opaque);
    MemoryContext before = MemoryContextSwitchTo(scan->memory);
    if (!scan->is_started) {
        start(descriptor, scan);
    }
    if (scan->returned != nullptr && !descriptor->kill_prior_tuple) {
        confirm_row(scan->returned);
    }
    const bool found = scan->all != nullptr ? next_of_all(scan->all, &descriptor->xs_heaptid)
                                            : next_of_streams(scan, &descriptor->xs_heaptid);
    descriptor->xs_recheck = false;
    descriptor->xs_recheckorderby = false;
    MemoryContextSwitchTo(before);
    return found;
}

void end_scan(IndexScanDesc descriptor) {
    auto* scan = static_cast<Scan*>(descriptor->opaque);
    close_sources(scan);
    MemoryContextDelete(scan->memory);
    pfree(scan);
    descriptor->opaque = nullptr;
}

}  // namespace pgmind::ruhnsw
