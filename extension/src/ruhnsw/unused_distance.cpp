// ORDER BY embedding <-> $1 makes the distance a column of every row, also where nobody asked for
// it and the index gives the order: PostgreSQL computes it and throws it away. For a vector out of
// line, which has to be fetched for that alone, this costs a third of a search.

#include "ruhnsw/handler.hpp"

namespace pgmind::ruhnsw {
namespace {

planner_hook_type next_hook = nullptr;

bool is_ours(Oid index) {
    HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(index));
    if (!HeapTupleIsValid(tuple)) {
        return false;
    }
    const Oid method = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relam;
    ReleaseSysCache(tuple);
    return method == get_index_am_oid("ruhnsw", true);
}

// The scan below nothing but LIMITs that do not compare rows; null where there is more.
IndexScan* scan_of(Plan* plan) {
    while (plan != nullptr && IsA(plan, Limit)) {
        if (reinterpret_cast<const Limit*>(plan)->limitOption == LIMIT_OPTION_WITH_TIES) {
            return nullptr;
        }
        plan = plan->lefttree;
    }
    return plan != nullptr && IsA(plan, IndexScan) ? reinterpret_cast<IndexScan*>(plan) : nullptr;
}

// A column that only the ORDER BY has named never leaves the server: it is NULL instead.
void drop_distance(IndexScan* scan) {
    ListCell* cell;
    foreach (cell, scan->scan.plan.targetlist) {
        auto* entry = static_cast<TargetEntry*>(lfirst(cell));
        if (entry->resjunk && list_member(scan->indexorderbyorig, entry->expr)) {
            entry->expr = reinterpret_cast<Expr*>(
                makeNullConst(exprType(reinterpret_cast<Node*>(entry->expr)), -1, InvalidOid));
        }
    }
}

PlannedStmt* plan_statement(Query* query, const char* text, int options, ParamListInfo parameters) {
    PlannedStmt* planned = next_hook != nullptr
                               ? next_hook(query, text, options, parameters)
                               : standard_planner(query, text, options, parameters);
    if (planned->commandType == CMD_SELECT) {
        IndexScan* scan = scan_of(planned->planTree);
        if (scan != nullptr && scan->indexorderbyorig != NIL && is_ours(scan->indexid)) {
            drop_distance(scan);
        }
    }
    return planned;
}

}  // namespace

void install_planner_hook() {
    next_hook = planner_hook;
    planner_hook = plan_statement;
}

}  // namespace pgmind::ruhnsw
