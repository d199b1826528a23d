#include "ruhnsw/insert.hpp"

#include <cstring>

#include "ruhnsw/handler.hpp"
#include "vector.hpp"

namespace pgmind::ruhnsw {
namespace {

void check_tenant_dimensions(const Tenant& tenant, int dimensions) {
    if (tenant.root.dimensions != dimensions) {
        ereport(ERROR,
                (errcode(ERRCODE_DATA_EXCEPTION),
                 errmsg("expected %d dimensions, not %d", tenant.root.dimensions, dimensions),
                 errdetail("The index has vectors of %d dimensions for this key.",
                           tenant.root.dimensions)));
    }
}

// Adds the row to a node with the same vector of a tenant without graph, if there is one.
bool add_to_list(const Index& index, const Tenant& tenant, const float* vector,
                 ItemPointerData tid) {
    const Geometry& geometry = tenant.geometry;
    const Size bytes = geometry.rotated * sizeof(float);
    float* buffer_vector = geometry.vector_in_slot ? nullptr : static_cast<float*>(palloc(bytes));
    Root* root;
    Buffer root_buffer = lock_root(index, tenant, BUFFER_LOCK_SHARE, &root);
    if (!BufferIsValid(root_buffer)) {
        return false;
    }
    bool is_added = false;
    BlockNumber block = root->first_node;
    while (block != InvalidBlockNumber && !is_added) {
        Buffer buffer = read_page(index, block, BUFFER_LOCK_SHARE);
        Page page = BufferGetPage(buffer);
        SlotId same = invalid_slot;
        BlockNumber next = InvalidBlockNumber;
        if (has_nodes(page, tenant.root.tenant)) {
            next = page_tail(page)->next;
            const SlotGeometry& part = geometry.on(page_tail(page)->kind);
            const int slots = page_slots(page, part);
            for (int number = 0; number < slots && same == invalid_slot; ++number) {
                Slot* slot = slot_at(page, part, number);
                if (slot->state != SlotState::live || slot->tid_count == heap_tids_max) {
                    continue;
                }
                const float* stored = slot_vector(index, geometry, slot, buffer_vector);
                if (stored != nullptr && std::memcmp(stored, vector, bytes) == 0) {
                    same = make_slot_id(block, number);
                }
            }
        }
        UnlockReleaseBuffer(buffer);
        is_added = same != invalid_slot && add_tid(index, tenant, same, vector, tid);
        block = next;
    }
    UnlockReleaseBuffer(root_buffer);
    return is_added;
}

struct Row {
    const float* vector;
    ItemPointerData tid;
    uint32 ef_construction;
};

// False if the tenant is no more: try again.
bool insert_into(const Index& index, Tenant* tenant, const Row& row) {
    LinkPlan plan{};
    bool is_planned = false;
    const int level = choose_level(index, row.tid);
    if (tenant->root.state != TenantState::graph) {
        if (add_to_list(index, *tenant, row.vector, row.tid)) {
            return true;
        }
    } else {
        plan_links(index, tenant, row.vector, level, invalid_slot, row.ef_construction, &plan);
        is_planned = true;
        for (int i = 0; i < plan.same_count; ++i) {
            if (add_tid(index, *tenant, plan.same[i], row.vector, row.tid)) {
                return true;
            }
        }
    }
    VectorPlace place{InvalidBlockNumber, 0};
    if (!tenant->geometry.vector_in_slot) {
        place =
            write_vector_pages(index, tenant->root.tenant, row.vector, tenant->geometry.rotated);
    }
    const SlotId id =
        append_slot(index, tenant, {0, invalid_slot, invalid_slot, row.vector, place, row.tid});
    if (id == invalid_slot) {
        free_vector_pages(index, tenant->root.tenant, place);
        return false;
    }
    if (tenant->root.state != TenantState::graph) {
        if (is_due_for_graph(*tenant)) {
            make_graph(index, tenant, row.ef_construction);
        }
        return true;
    }
    if (!is_planned) {
        plan_links(index, tenant, row.vector, level, id, row.ef_construction, &plan);
    }
    connect(index, tenant, id, row.vector, place, row.tid, row.ef_construction, &plan);
    return true;
}

}  // namespace

void insert_row(const Index& index, const Key& key, const float* values, int dimensions,
                ItemPointerData tid, uint32 ef_construction) {
    for (;;) {
        CHECK_FOR_INTERRUPTS();
        Tenant tenant;
        find_or_create_tenant(index, key, dimensions, &tenant);
        check_tenant_dimensions(tenant, dimensions);
        auto* vector = static_cast<float*>(palloc(tenant.geometry.rotated * sizeof(float)));
        if (!prepare_vector(index, tenant.geometry, values, vector)) {
            return;
        }
        if (insert_into(index, &tenant, {vector, tid, ef_construction})) {
            return;
        }
    }
}

bool insert_values(const Index& index, const Datum* values, const bool* nulls, ItemPointerData tid,
                   uint32 ef_construction) {
    const int column = index.meta.keyed ? 1 : 0;
    if (nulls[column] || (index.meta.keyed && nulls[0])) {
        return false;
    }
    const Vector* vector = vector_from_datum(values[column]);
    if (index.meta.dimensions != 0) {
        matches_typmod(vector->dimensions, index.meta.dimensions, nullptr);
    }
    const Key key = index.meta.keyed ? make_key(index.relation, values[0]) : no_key;
    insert_row(index, key, vector->values(), vector->dimensions, tid, ef_construction);
    return true;
}

bool insert_tuple(Relation relation, Datum* values, bool* nulls, ItemPointer tid, Relation,
                  IndexUniqueCheck, bool, IndexInfo*) {
    MemoryContext memory =
        AllocSetContextCreate(CurrentMemoryContext, "ruhnsw insert", ALLOCSET_DEFAULT_SIZES);
    MemoryContext before = MemoryContextSwitchTo(memory);
    const Index index = open_index(relation);
    // VACUUM waits for this lock once: then every insert under way knows which nodes are dead.
    LockPage(relation, meta_block, ShareLock);
    insert_values(index, values, nulls, *tid, static_cast<uint32>(ef_construction_of(relation)));
    UnlockPage(relation, meta_block, ShareLock);
    MemoryContextSwitchTo(before);
    MemoryContextDelete(memory);
    return false;
}

}  // namespace pgmind::ruhnsw
