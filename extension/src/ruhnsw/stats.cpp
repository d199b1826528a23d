// ruhnsw_index_stats(index): what is in an index, by reading all of it.

#include "ruhnsw/report.hpp"

namespace pgmind::ruhnsw {
namespace {

struct Totals {
    int64 tenants = 0;
    int64 graphs = 0;
    int64 nodes = 0;
    int64 dead = 0;
    int64 free_slots = 0;
    int64 tuples = 0;
    int64 links = 0;
    int levels = 0;
};

void count_slots(const Tenant& tenant, Page page, Totals* totals) {
    const SlotGeometry& geometry = tenant.geometry.on(page_tail(page)->kind);
    const int slots = page_slots(page, geometry);
    totals->free_slots += geometry.slots_per_page - slots;
    for (int number = 0; number < slots; ++number) {
        const Slot* slot = slot_at(page, geometry, number);
        totals->nodes += slot->state == SlotState::live ? 1 : 0;
        totals->dead += slot->state == SlotState::dead ? 1 : 0;
        totals->free_slots += slot->state == SlotState::free ? 1 : 0;
        totals->tuples += slot->state == SlotState::live ? slot->tid_count : 0;
        totals->links += slot->state == SlotState::live ? slot->degree : 0;
    }
}

struct Visit {
    Index index;
    Totals totals;
};

bool count_tenant(void* context, const Tenant& tenant, const char*) {
    auto* visit = static_cast<Visit*>(context);
    Totals* totals = &visit->totals;
    ++totals->tenants;
    totals->graphs += tenant.root.state == TenantState::graph ? 1 : 0;
    if (tenant.root.entry != invalid_slot) {
        totals->levels = std::max(totals->levels, tenant.root.level + 1);
    }
    Root* root;
    Buffer root_buffer = lock_root(visit->index, tenant, BUFFER_LOCK_SHARE, &root);
    if (!BufferIsValid(root_buffer)) {
        return true;
    }
    BlockNumber block = root->first_node;
    const bool is_list = root->state == TenantState::list;
    if (!is_list) {
        UnlockReleaseBuffer(root_buffer);
    }
    while (block != InvalidBlockNumber) {
        CHECK_FOR_INTERRUPTS();
        Buffer buffer = read_page(visit->index, block, BUFFER_LOCK_SHARE);
        Page page = BufferGetPage(buffer);
        block = InvalidBlockNumber;
        if (has_nodes(page, tenant.root.tenant)) {
            block = page_tail(page)->next;
            count_slots(tenant, page, totals);
        }
        UnlockReleaseBuffer(buffer);
    }
    if (is_list) {
        UnlockReleaseBuffer(root_buffer);
    }
    return true;
}

}  // namespace

Relation open_reported_index(Oid index) {
    Relation relation = index_open(index, AccessShareLock);
    if (relation->rd_rel->relam != get_index_am_oid("ruhnsw", false)) {
        ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                        errmsg("\"%s\" is not a ruhnsw index", RelationGetRelationName(relation))));
    }
    const Oid table = IndexGetRelation(index, false);
    if (pg_class_aclcheck(table, GetUserId(), ACL_SELECT) != ACLCHECK_OK &&
        !has_privs_of_role(GetUserId(), ROLE_PG_STAT_SCAN_TABLES)) {
        aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, get_rel_name(table));
    }
    if (RELATION_IS_OTHER_TEMP(relation)) {
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("cannot access temporary indexes of other sessions")));
    }
    return relation;
}

PGMIND_FUNCTION(ruhnsw_index_stats) {
    TupleDesc descriptor;
    if (get_call_result_type(fcinfo, nullptr, &descriptor) != TYPEFUNC_COMPOSITE) {
        elog(ERROR, "return type must be a row type");
    }
    Relation relation = open_reported_index(PG_GETARG_OID(0));
    Visit visit{open_index(relation), {}};
    visit_tenants(visit.index, count_tenant, &visit);
    const Totals& totals = visit.totals;
    const int64 bytes = static_cast<int64>(RelationGetNumberOfBlocks(relation)) * BLCKSZ;
    const MetaPage& meta = visit.index.meta;
    Datum values[] = {
        Int64GetDatum(totals.tenants),
        Int64GetDatum(totals.graphs),
        Int64GetDatum(totals.nodes),
        Int64GetDatum(totals.dead),
        Int64GetDatum(totals.free_slots),
        Int64GetDatum(totals.tuples),
        Int32GetDatum(totals.levels),
        Float8GetDatum(totals.nodes == 0
                           ? 0.0
                           : static_cast<double>(totals.links) / static_cast<double>(totals.nodes)),
        Int64GetDatum(bytes),
        Int32GetDatum(meta.m),
        Int32GetDatum(meta.ef_construction),
        Int32GetDatum(static_cast<int32>(meta.version)),
    };
    bool nulls[lengthof(values)] = {};
    index_close(relation, AccessShareLock);
    HeapTuple tuple = heap_form_tuple(BlessTupleDesc(descriptor), values, nulls);
    return HeapTupleGetDatum(tuple);
}

}  // namespace pgmind::ruhnsw
