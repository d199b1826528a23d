// Checks operator classes, for amvalidate().

#include "ruhnsw/handler.hpp"

namespace pgmind::ruhnsw {
namespace {

bool complain(const char* class_name, const char* what) {
    ereport(INFO, (errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
                   errmsg("ruhnsw operator class \"%s\" %s", class_name, what)));
    return false;
}

bool is_signature_right(const FormData_pg_amproc& support) {
    if (support.amprocnum == metric_support) {
        return check_amproc_signature(support.amproc, INT4OID, true, 0, 0);
    }
    return support.amprocnum == hash_support &&
           check_amproc_signature(support.amproc, INT8OID, true, 2, 2, support.amproclefttype,
                                  INT8OID);
}

bool is_operator_right(const FormData_pg_amop& entry) {
    if (entry.amopstrategy == distance_strategy) {
        return entry.amoppurpose == AMOP_ORDER &&
               check_amop_signature(entry.amopopr, FLOAT8OID, entry.amoplefttype,
                                    entry.amoprighttype);
    }
    return entry.amopstrategy == equal_strategy && entry.amoppurpose == AMOP_SEARCH &&
           check_amop_signature(entry.amopopr, BOOLOID, entry.amoplefttype, entry.amoprighttype);
}

}  // namespace

bool validate_class(Oid opclass) {
    HeapTuple class_tuple = SearchSysCache1(CLAOID, ObjectIdGetDatum(opclass));
    if (!HeapTupleIsValid(class_tuple)) {
        elog(ERROR, "cache lookup failed for operator class %u", opclass);
    }
    const auto* form = reinterpret_cast<Form_pg_opclass>(GETSTRUCT(class_tuple));
    const char* name = NameStr(form->opcname);
    CatCList* operators = SearchSysCacheList1(AMOPSTRATEGY, ObjectIdGetDatum(form->opcfamily));
    CatCList* supports = SearchSysCacheList1(AMPROCNUM, ObjectIdGetDatum(form->opcfamily));
    bool valid = true;
    bool has_distance = false;
    bool has_equal = false;
    bool has_metric = false;
    bool has_hash = false;
    for (int i = 0; i < operators->n_members; ++i) {
        const auto* entry =
            reinterpret_cast<Form_pg_amop>(GETSTRUCT(&operators->members[i]->tuple));
        valid = (is_operator_right(*entry) || complain(name, "has an operator of another kind")) &&
                valid;
        has_distance |= entry->amopstrategy == distance_strategy;
        has_equal |= entry->amopstrategy == equal_strategy;
    }
    for (int i = 0; i < supports->n_members; ++i) {
        const auto* entry =
            reinterpret_cast<Form_pg_amproc>(GETSTRUCT(&supports->members[i]->tuple));
        valid = (is_signature_right(*entry) ||
                 complain(name, "has a support function of another kind")) &&
                valid;
        has_metric |= entry->amprocnum == metric_support;
        has_hash |= entry->amprocnum == hash_support;
    }
    if (has_distance != has_metric || has_equal != has_hash || has_distance == has_equal) {
        valid = complain(name, "needs a distance and a metric, or equality and a hash");
    }
    ReleaseCatCacheList(supports);
    ReleaseCatCacheList(operators);
    ReleaseSysCache(class_tuple);
    return valid;
}

}  // namespace pgmind::ruhnsw
