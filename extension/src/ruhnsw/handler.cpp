// What PostgreSQL is told about the access method.

#include "ruhnsw/handler.hpp"

#include "ruhnsw/layout.hpp"

namespace pgmind::ruhnsw {

PGMIND_FUNCTION(ruhnsw_handler) {
    IndexAmRoutine* routine = makeNode(IndexAmRoutine);
    routine->amstrategies = 2;
    routine->amsupport = 2;
    routine->amcanorderbyop = true;
    routine->amcanmulticol = true;
    routine->amoptionalkey = true;
    routine->amsearcharray = true;
    routine->amusemaintenanceworkmem = false;
    routine->amparallelvacuumoptions = VACUUM_OPTION_PARALLEL_BULKDEL;
    routine->amkeytype = InvalidOid;
#if PG_VERSION_NUM >= 170000
    routine->amcanbuildparallel = true;
#endif
    routine->ambuild = build_index;
    routine->ambuildempty = build_empty_index;
    routine->aminsert = insert_tuple;
    routine->ambulkdelete = bulk_delete;
    routine->amvacuumcleanup = vacuum_cleanup;
    routine->amcostestimate = estimate_cost;
    routine->amoptions = parse_options;
    routine->ambuildphasename = build_phase_name;
    routine->amvalidate = validate_class;
    routine->ambeginscan = begin_scan;
    routine->amrescan = restart_scan;
    routine->amgettuple = next_row;
    routine->amendscan = end_scan;
    PG_RETURN_POINTER(routine);
}

// The support functions of the vector classes: which distance the class orders by.
PGMIND_FUNCTION(ruhnsw_l2_metric) {
    PG_RETURN_INT32(static_cast<int32>(Metric::l2));
}

PGMIND_FUNCTION(ruhnsw_cosine_metric) {
    PG_RETURN_INT32(static_cast<int32>(Metric::cosine));
}

PGMIND_FUNCTION(ruhnsw_ip_metric) {
    PG_RETURN_INT32(static_cast<int32>(Metric::inner_product));
}

}  // namespace pgmind::ruhnsw
