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
    const SlotGeometry& part = geometry.on(page_tail(page)->kind);
    const int slots = page_slots(page, part);
    int count = 0;
    for (int number = 0; number < slots; ++number) {
        Slot* slot = slot_at(page, part, number);
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

// The beginnings of all slots of the next list page; the processor itself fetches the rest of each.
void prefetch_list(const Index& index, const Tenant& tenant, BlockNumber block) {
    constexpr Size bytes = sizeof(Slot) + 128;
    const SlotGeometry& part = tenant.geometry.list;
    for (Size number = 0; number < part.slots_per_page; ++number) {
        prefetch_page(index, block, page_head_bytes + number * part.stride, bytes);
    }
}

// Copies the nodes of a page, at most page_slots_max; returns how many, and the next page in *next.
int read_nodes(const Index& index, const Tenant& tenant, const float* query, BlockNumber block,
               float* vector_buffer, Node* nodes, BlockNumber* next) {
    Buffer buffer = read_page(index, block, BUFFER_LOCK_SHARE);
    Page page = BufferGetPage(buffer);
    int count = 0;
    *next = InvalidBlockNumber;
    // Another tenant's: VACUUM found this one empty and gave its pages away.
    if (has_nodes(page, tenant.root.tenant)) {
        *next = page_tail(page)->next;
        if (*next != InvalidBlockNumber && page_tail(page)->kind == PageKind::list) {
            prefetch_list(index, tenant, *next);
        }
        count = copy_nodes(index, tenant, query, block, page, vector_buffer, nodes);
    }
    UnlockReleaseBuffer(buffer);
    return count;
}

BlockNumber visit_page(const Index& index, const Tenant& tenant, const float* query,
                       BlockNumber block, float* vector_buffer, VisitNode visit, void* context) {
    CHECK_FOR_INTERRUPTS();
    Node nodes[page_slots_max];
    BlockNumber next;
    const int count = read_nodes(index, tenant, query, block, vector_buffer, nodes, &next);
    for (int i = 0; i < count; ++i) {
        visit(context, nodes[i].id, nodes[i].slot, nodes[i].distance);
    }
    return next;
}

// Nodes move from list pages to others: the root's lock keeps them in place while all are copied.
// False if there are no list pages (any more); then *tenant says where the nodes are.
bool visit_list(const Index& index, Tenant* tenant, const float* query, float* vector_buffer,
                VisitNode visit, void* context) {
    Root* root;
    Buffer root_buffer = lock_root(index, *tenant, BUFFER_LOCK_SHARE, &root);
    if (!BufferIsValid(root_buffer)) {
        return true;  // nothing is left of the tenant
    }
    tenant->root = *root;
    if (root->state != TenantState::list) {
        UnlockReleaseBuffer(root_buffer);
        return false;
    }
    uint64 room = slots_of(*tenant) + page_slots_max;
    auto* nodes = static_cast<Node*>(palloc(room * sizeof(Node)));
    uint64 count = 0;
    BlockNumber block = root->first_node;
    while (block != InvalidBlockNumber) {
        if (count + page_slots_max > room) {
            room *= 2;
            nodes = static_cast<Node*>(repalloc_huge(nodes, room * sizeof(Node)));
        }
        count += static_cast<uint64>(
            read_nodes(index, *tenant, query, block, vector_buffer, nodes + count, &block));
    }
    UnlockReleaseBuffer(root_buffer);
    for (uint64 i = 0; i < count; ++i) {
        visit(context, nodes[i].id, nodes[i].slot, nodes[i].distance);
    }
    pfree(nodes);
    return true;
}

}  // namespace

void visit_nodes(const Index& index, const Tenant& tenant, const float* query, VisitNode visit,
                 void* context) {
    auto* vector_buffer = static_cast<float*>(palloc(tenant.geometry.rotated * sizeof(float)));
    Tenant now = tenant;
    if (now.root.state != TenantState::list ||
        !visit_list(index, &now, query, vector_buffer, visit, context)) {
        BlockNumber block = now.root.first_node;
        while (block != InvalidBlockNumber) {
            block = visit_page(index, now, query, block, vector_buffer, visit, context);
        }
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
