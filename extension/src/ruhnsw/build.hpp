#pragma once

#include "ruhnsw/insert.hpp"

namespace pgmind::ruhnsw {

// What the processes of one build share; in shared memory where there are several.
struct BuildCounters {
    pg_atomic_uint64 rows;     // seen
    pg_atomic_uint64 indexed;  // of them
    Promoting promoting;
};

inline void init_counters(BuildCounters* counters) {
    pg_atomic_init_u64(&counters->rows, 0);
    pg_atomic_init_u64(&counters->indexed, 0);
    pg_atomic_init_u64(&counters->promoting.tenants, 0);
    ConditionVariableInit(&counters->promoting.finished);
}

// One process's part of a build.
struct Builder {
    Index index;
    uint32 ef_construction;
    MemoryContext row_memory;
    BuildCounters* counters;
    bool reports_progress;
};

inline constexpr int64 phase_loading = 2;
inline constexpr int64 phase_logging = 3;

// Reads the heap (its part of a parallel scan, if one is given) into the index. Returns the rows
// seen.
double load_heap(Relation heap, Relation index_relation, const MetaPage& meta, IndexInfo* info,
                 ParallelTableScanDesc parallel_scan, BuildCounters* counters, bool is_leader);

// The same with `workers` helping processes. False if none could be had.
bool load_heap_parallel(Relation heap, Relation index, const MetaPage& meta, IndexInfo* info,
                        int workers, IndexBuildResult* result);

}  // namespace pgmind::ruhnsw
