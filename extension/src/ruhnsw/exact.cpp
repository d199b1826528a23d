#include "ruhnsw/exact.hpp"

#include "ruhnsw/vector_store.hpp"

namespace pgmind::ruhnsw {

struct SortedRows {
    Tuplesortstate* sort;
    TupleTableSlot* slot;
    bool has_row;  // in `slot`, not taken yet
};

namespace {

constexpr AttrNumber distance_column = 1;
constexpr AttrNumber tid_column = 2;

struct Node {
    Slot slot;
    SlotId id;
    float distance;
};

// Copies the live nodes of a page, whose lock is held, and returns how many.
int copy_nodes(const Index& index, const Tenant& tenant, const float* query, BlockNumber block,
               Page page, float* vector_buffer, Node* nodes) {
    const Geometry& geometry = tenant.geometry;
    const int slots = page_slots(page, geometry.node);
    int count = 0;
    for (int number = 0; number < slots; ++number) {
        Slot* slot = slot_at(page, geometry.node, number);
        if (slot->state != SlotState::live || slot->tid_count == 0 ||
            slot->tenant != tenant.root.tenant) {
            continue;
        }
        float distance = 0;
        if (query != nullptr) {
            const float* vector = slot_vector(index, geometry, slot, vector_buffer);
            if (vector == nullptr) {
                continue;
            }
            distance = vector_distance(index.meta.metric, query, vector, geometry.rotated);
        }
        // Numbers that overflowed: last, but in an order that can be sorted.
        nodes[count++] = {*slot, make_slot_id(block, number),
                          std::isnan(distance) ? std::numeric_limits<float>::infinity() : distance};
    }
    return count;
}

BlockNumber visit_page(const Index& index, const Tenant& tenant, const float* query,
                       BlockNumber block, float* vector_buffer, VisitNode visit, void* context) {
    CHECK_FOR_INTERRUPTS();
    Buffer buffer = read_page(index, block, BUFFER_LOCK_SHARE);
    Page page = BufferGetPage(buffer);
    BlockNumber next = InvalidBlockNumber;
    Node nodes[page_slots_max];
    int count = 0;
    // Another tenant's: VACUUM found this one empty and gave its pages away.
    if (is_page(page, PageKind::node, tenant.root.tenant)) {
        count = copy_nodes(index, tenant, query, block, page, vector_buffer, nodes);
        next = page_tail(page)->next;
    }
    UnlockReleaseBuffer(buffer);
    for (int i = 0; i < count; ++i) {
        visit(context, nodes[i].id, nodes[i].slot, nodes[i].distance);
    }
    return next;
}

}  // namespace

void visit_nodes(const Index& index, const Tenant& tenant, const float* query, VisitNode visit,
                 void* context) {
    auto* vector_buffer = static_cast<float*>(palloc(tenant.geometry.rotated * sizeof(float)));
    BlockNumber block = tenant.root.first_node;
    while (block != InvalidBlockNumber) {
        block = visit_page(index, tenant, query, block, vector_buffer, visit, context);
    }
    pfree(vector_buffer);
}

BlockNumber visit_nodes_of_page(const Index& index, const Tenant& tenant, const float* query,
                                BlockNumber block, VisitNode visit, void* context) {
    auto* vector_buffer = static_cast<float*>(palloc(tenant.geometry.rotated * sizeof(float)));
    const BlockNumber next = visit_page(index, tenant, query, block, vector_buffer, visit, context);
    pfree(vector_buffer);
    return next;
}

SortedRows* open_sorted_rows() {
    auto* rows = static_cast<SortedRows*>(palloc(sizeof(SortedRows)));
    TupleDesc columns = CreateTemplateTupleDesc(2);
    TupleDescInitEntry(columns, distance_column, "distance", FLOAT4OID, -1, 0);
    TupleDescInitEntry(columns, tid_column, "tid", TIDOID, -1, 0);
    AttrNumber keys[] = {distance_column, tid_column};
    Oid operators[] = {lookup_type_cache(FLOAT4OID, TYPECACHE_LT_OPR)->lt_opr,
                       lookup_type_cache(TIDOID, TYPECACHE_LT_OPR)->lt_opr};
    Oid collations[] = {InvalidOid, InvalidOid};
    bool nulls_first[] = {false, false};
    rows->sort = tuplesort_begin_heap(columns, lengthof(keys), keys, operators, collations,
                                      nulls_first, work_mem, nullptr, TUPLESORT_NONE);
    rows->slot = MakeSingleTupleTableSlot(columns, &TTSOpsMinimalTuple);
    rows->has_row = false;
    return rows;
}

void add_row(SortedRows* rows, float distance, ItemPointerData tid) {
    TupleTableSlot* slot = rows->slot;
    Datum values[] = {Float4GetDatum(distance), PointerGetDatum(&tid)};
    bool nulls[] = {false, false};
    MinimalTuple tuple = heap_form_minimal_tuple(slot->tts_tupleDescriptor, values, nulls);
    ExecStoreMinimalTuple(tuple, slot, true);
    tuplesort_puttupleslot(rows->sort, slot);
    ExecClearTuple(slot);
}

void sort_rows(SortedRows* rows) {
    tuplesort_performsort(rows->sort);
}

bool peek_sorted(SortedRows* rows, float* distance) {
    if (!rows->has_row) {
        rows->has_row = tuplesort_gettupleslot(rows->sort, true, false, rows->slot, nullptr);
    }
    if (rows->has_row) {
        bool is_null;
        *distance = DatumGetFloat4(slot_getattr(rows->slot, distance_column, &is_null));
    }
    return rows->has_row;
}

ItemPointerData take_sorted(SortedRows* rows) {
    bool is_null;
    rows->has_row = false;
    return *reinterpret_cast<ItemPointer>(
        DatumGetPointer(slot_getattr(rows->slot, tid_column, &is_null)));
}

void close_sorted_rows(SortedRows* rows) {
    ExecDropSingleTupleTableSlot(rows->slot);
    tuplesort_end(rows->sort);
}

}  // namespace pgmind::ruhnsw
