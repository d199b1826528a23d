#pragma once

#include "ruhnsw/postgres_access.hpp"

// The access method's functions, as PostgreSQL calls them, and its settings.
namespace pgmind::ruhnsw {

inline constexpr int distance_strategy = 1;  // ORDER BY column <-> value
inline constexpr int equal_strategy = 2;     // key = value
inline constexpr int metric_support = 1;     // of vector classes: the Metric, as an integer
inline constexpr int hash_support = 2;       // of key classes: a 64-bit hash with a seed

inline constexpr int ef_search_default = 40;
inline constexpr int ef_max = 1000;

enum class IterativeScan : int { off, strict_order, relaxed_order };

// ruvector.ef_search, ruvector.iterative_scan, ruvector.max_scan_tuples; only options.cpp and
// PostgreSQL change them.
extern int ef_search_setting;
extern int iterative_scan_setting;
extern int max_scan_tuples_setting;

// Defines settings and options of CREATE INDEX; called once, when the library is loaded.
void define_index_settings();
// Called once, too: from here on the planner leaves out distances that nobody reads.
void install_planner_hook();
int m_of(Relation index);
int ef_construction_of(Relation index);
bytea* parse_options(Datum options, bool validate);

IndexBuildResult* build_index(Relation heap, Relation index, IndexInfo* info);
void build_empty_index(Relation index);
char* build_phase_name(int64 phase);
bool insert_tuple(Relation index, Datum* values, bool* nulls, ItemPointer tid, Relation heap,
                  IndexUniqueCheck unique, bool unchanged, IndexInfo* info);
IndexBulkDeleteResult* bulk_delete(IndexVacuumInfo* info, IndexBulkDeleteResult* stats,
                                   IndexBulkDeleteCallback callback, void* state);
IndexBulkDeleteResult* vacuum_cleanup(IndexVacuumInfo* info, IndexBulkDeleteResult* stats);
void estimate_cost(PlannerInfo* root, IndexPath* path, double loop_count, Cost* startup,
                   Cost* total, Selectivity* selectivity, double* correlation, double* pages);
bool validate_class(Oid opclass);
IndexScanDesc begin_scan(Relation index, int keys, int order_bys);
void restart_scan(IndexScanDesc scan, ScanKey keys, int key_count, ScanKey order_bys,
                  int order_by_count);
bool next_row(IndexScanDesc scan, ScanDirection direction);
void end_scan(IndexScanDesc scan);

}  // namespace pgmind::ruhnsw
