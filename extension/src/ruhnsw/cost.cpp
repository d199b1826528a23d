// What the planner is told. A search of a graph reads about ef_search pages whatever the size, then
// a page for about every further row; a flat tenant reads all its pages. The planner takes the part
// of the cost between start and end that its LIMIT and the other conditions (which the index does
// not know) make necessary.

#include "ruhnsw/handler.hpp"
#include "ruhnsw/tenant.hpp"

namespace pgmind::ruhnsw {
namespace {

// How many tenants' roots are read to learn an average.
constexpr int sample_max = 64;

// The rows and pages of the tenants that a scan reads.
struct Extent {
    double rows = 0;
    double flat_pages = 0;
    double graph_rows = 0;
    double graphs = 0;
    int tenants = 0;
    bool is_average = false;
};

void add_tenant(Extent* extent, const Tenant& tenant) {
    const Root& root = tenant.root;
    const double slots = static_cast<double>(slots_of(tenant));
    extent->rows += slots;
    ++extent->tenants;
    if (root.state == TenantState::graph) {
        extent->graph_rows += slots;
        ++extent->graphs;
    } else {
        extent->flat_pages += root.node_pages;
    }
}

bool add_sampled(void* context, const Tenant& tenant, const char*) {
    auto* extent = static_cast<Extent*>(context);
    add_tenant(extent, tenant);
    return extent->tenants < sample_max;
}

// The tenants that a constant names.
void add_constant(const Index& index, const Const* constant, bool is_array, Extent* extent) {
    if (constant->constisnull) {
        return;
    }
    Datum one = constant->constvalue;
    Datum* values = &one;
    bool one_null = false;
    bool* nulls = &one_null;
    int count = 1;
    if (is_array) {
        ArrayType* array = DatumGetArrayTypeP(constant->constvalue);
        int16 length;
        bool by_value;
        char align;
        get_typlenbyvalalign(ARR_ELEMTYPE(array), &length, &by_value, &align);
        deconstruct_array(array, ARR_ELEMTYPE(array), length, by_value, align, &values, &nulls,
                          &count);
    }
    for (int i = 0; i < count; ++i) {
        Tenant tenant;
        if (!nulls[i] && find_tenant(index, make_key(index.relation, values[i]), &tenant)) {
            add_tenant(extent, tenant);
        }
    }
}

// Adds the tenants of a condition on the key column. Returns 0, or how many there are where the
// keys are not known yet.
int add_condition(PlannerInfo* root, const Index& index, const RestrictInfo* info, Extent* extent) {
    const bool is_array = IsA(info->clause, ScalarArrayOpExpr);
    // The index column is on the left side, whatever the query says.
    Node* value = static_cast<Node*>(
        is_array ? lsecond(reinterpret_cast<const ScalarArrayOpExpr*>(info->clause)->args)
                 : lsecond(reinterpret_cast<const OpExpr*>(info->clause)->args));
    value = estimate_expression_value(root, value);
    if (IsA(value, Const)) {
        add_constant(index, reinterpret_cast<const Const*>(value), is_array, extent);
        return 0;
    }
    if (!is_array) {
        return 1;
    }
#if PG_VERSION_NUM >= 170000
    return static_cast<int>(estimate_array_length(root, value));
#else
    return estimate_array_length(value);
#endif
}

// The average tenant, `count` times.
void add_average(const Index& index, int count, Extent* extent) {
    Extent sample;
    visit_tenants(index, add_sampled, &sample);
    if (sample.tenants == 0) {
        return;
    }
    const double part = static_cast<double>(count) / sample.tenants;
    extent->rows += sample.rows * part;
    extent->flat_pages += sample.flat_pages * part;
    extent->graph_rows += sample.graph_rows * part;
    extent->graphs += sample.graphs * part;
    extent->tenants += count;
    extent->is_average = true;
}

// What the scan reads; false if it has to read every tenant of a keyed index.
bool measure(PlannerInfo* root, Relation relation, const IndexPath* path, Extent* extent) {
    const Index index = open_index(relation);
    if (!index.meta.keyed) {
        Tenant tenant;
        if (find_tenant(index, no_key, &tenant)) {
            add_tenant(extent, tenant);
        }
        return true;
    }
    ListCell* cell;
    foreach (cell, path->indexclauses) {
        const auto* clause = static_cast<const IndexClause*>(lfirst(cell));
        const auto* info = static_cast<const RestrictInfo*>(linitial(clause->indexquals));
        const int unknown = add_condition(root, index, info, extent);
        if (unknown > 0) {
            add_average(index, unknown, extent);
        }
        return true;
    }
    return false;
}

}  // namespace

void estimate_cost(PlannerInfo* root, IndexPath* path, double loop_count, Cost* startup,
                   Cost* total, Selectivity* selectivity, double* correlation, double* pages) {
    *startup = *total = get_float8_infinity();
    *selectivity = 0;
    *correlation = 0;
    *pages = 0;
    // Rows without a vector are not in the index: it answers nothing but searches.
    if (path->indexorderbys == NIL) {
        return;
    }
    GenericCosts generic{};
    genericcostestimate(root, path, loop_count, &generic);
    *selectivity = generic.indexSelectivity;

    Extent extent;
    Relation relation = index_open(path->indexinfo->indexoid, NoLock);
    const bool is_selective = measure(root, relation, path, &extent);
    index_close(relation, NoLock);

    double page_cost = 0;
    get_tablespace_page_costs(path->indexinfo->reltablespace, &page_cost, nullptr);
    // A graph's pages are read again and again, so most of them are in memory.
    constexpr double cached_part = 0.75;
    page_cost *= 1 - cached_part;
    constexpr double operations_per_page = 100;
    const double step_cost = page_cost + operations_per_page * cpu_operator_cost;
    const double ef = ef_search_setting;
    const double first_steps = std::min(extent.graph_rows, 1.2 * ef * extent.graphs);
    *startup = extent.flat_pages * step_cost + first_steps * step_cost;
    *total = *startup + (extent.graph_rows - first_steps) * step_cost +
             extent.rows * cpu_index_tuple_cost;
    *pages = extent.flat_pages + extent.graph_rows;
    if (extent.is_average) {
        // The key is not known: the tenant may be the largest, where any other plan reads and sorts
        // all its rows. The cheapest guesses (no steps after the first, rows of the heap in order)
        // make this the generic plan.
        *total = *startup + extent.rows * cpu_index_tuple_cost;
        *correlation = 1;
    }
    if (!is_selective) {
        // Every tenant's graph would be searched. Never the plan of choice, but a right one.
        *startup += disable_cost;
        *total += disable_cost;
    }
}

}  // namespace pgmind::ruhnsw
