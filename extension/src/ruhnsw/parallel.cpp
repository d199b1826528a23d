// Several processes build one index: each reads its part of the heap and inserts, as concurrent
// inserts do.

#include "ruhnsw/build.hpp"
#include "ruhnsw/handler.hpp"

namespace pgmind::ruhnsw {
namespace {

constexpr uint64 key_shared = 0xA000000000000001;
constexpr uint64 key_scan = 0xA000000000000002;
constexpr uint64 key_query = 0xA000000000000003;

struct SharedBuild {
    Oid heap;
    Oid index;
    bool is_concurrent;
    BuildCounters counters;
    pg_atomic_uint64 scanned;  // rows, for the statistics of the heap
    pg_atomic_uint32 has_broken_chains;
};

void load_part(Relation heap, Relation index, const MetaPage& meta, IndexInfo* info,
               ParallelTableScanDesc scan, SharedBuild* shared, bool is_leader) {
    const double rows = load_heap(heap, index, meta, info, scan, &shared->counters, is_leader);
    pg_atomic_fetch_add_u64(&shared->scanned, static_cast<int64>(rows));
    if (info->ii_BrokenHotChain) {
        pg_atomic_write_u32(&shared->has_broken_chains, 1);
    }
}

char* store_query(ParallelContext* context, Size bytes) {
    auto* query = static_cast<char*>(shm_toc_allocate(context->toc, bytes));
    std::copy(debug_query_string, debug_query_string + bytes, query);
    return query;
}

void fill_shared(ParallelContext* context, Relation heap, Relation index, bool is_concurrent,
                 Snapshot snapshot, SharedBuild** shared, ParallelTableScanDesc* scan) {
    *shared = static_cast<SharedBuild*>(shm_toc_allocate(context->toc, sizeof(SharedBuild)));
    (*shared)->heap = RelationGetRelid(heap);
    (*shared)->index = RelationGetRelid(index);
    (*shared)->is_concurrent = is_concurrent;
    init_counters(&(*shared)->counters);
    pg_atomic_init_u64(&(*shared)->scanned, 0);
    pg_atomic_init_u32(&(*shared)->has_broken_chains, 0);
    shm_toc_insert(context->toc, key_shared, *shared);
    *scan = static_cast<ParallelTableScanDesc>(
        shm_toc_allocate(context->toc, table_parallelscan_estimate(heap, snapshot)));
    table_parallelscan_initialize(heap, *scan, snapshot);
    shm_toc_insert(context->toc, key_scan, *scan);
}

void estimate_shared(ParallelContext* context, Relation heap, Snapshot snapshot, Size query) {
    shm_toc_estimate_chunk(&context->estimator, sizeof(SharedBuild));
    shm_toc_estimate_chunk(&context->estimator, table_parallelscan_estimate(heap, snapshot));
    shm_toc_estimate_keys(&context->estimator, 2);
    if (query > 0) {
        shm_toc_estimate_chunk(&context->estimator, query);
        shm_toc_estimate_keys(&context->estimator, 1);
    }
}

void end_parallel(ParallelContext* context, Snapshot snapshot) {
    if (IsMVCCSnapshot(snapshot)) {
        UnregisterSnapshot(snapshot);
    }
    DestroyParallelContext(context);
    ExitParallelMode();
}

}  // namespace

bool load_heap_parallel(Relation heap, Relation index, const MetaPage& meta, IndexInfo* info,
                        int workers, IndexBuildResult* result) {
    EnterParallelMode();
    ParallelContext* context =
        CreateParallelContext("$libdir/pgmind", "ruhnsw_build_worker", workers);
    Snapshot snapshot =
        info->ii_Concurrent ? RegisterSnapshot(GetTransactionSnapshot()) : SnapshotAny;
    const Size query = debug_query_string != nullptr ? strlen(debug_query_string) + 1 : 0;
    estimate_shared(context, heap, snapshot, query);
    InitializeParallelDSM(context);
    if (context->seg == nullptr) {
        end_parallel(context, snapshot);
        return false;
    }
    SharedBuild* shared;
    ParallelTableScanDesc scan;
    fill_shared(context, heap, index, info->ii_Concurrent, snapshot, &shared, &scan);
    if (query > 0) {
        shm_toc_insert(context->toc, key_query, store_query(context, query));
    }
    LaunchParallelWorkers(context);
    if (context->nworkers_launched == 0) {
        end_parallel(context, snapshot);
        return false;
    }
    // Workers that fail to start must not be waited for below without notice.
    WaitForParallelWorkersToAttach(context);
    load_part(heap, index, meta, info, scan, shared, true);
    WaitForParallelWorkersToFinish(context);
    result->heap_tuples = static_cast<double>(pg_atomic_read_u64(&shared->scanned));
    result->index_tuples = static_cast<double>(pg_atomic_read_u64(&shared->counters.indexed));
    info->ii_BrokenHotChain = pg_atomic_read_u32(&shared->has_broken_chains) != 0;
    end_parallel(context, snapshot);
    return true;
}

}  // namespace pgmind::ruhnsw

// Where a helping process begins.
_Pragma("GCC visibility push(default)") extern "C" void ruhnsw_build_worker(dsm_segment* segment,
                                                                            shm_toc* toc);
_Pragma("GCC visibility pop")

    extern "C" void ruhnsw_build_worker(dsm_segment*, shm_toc* toc) {
    using namespace pgmind::ruhnsw;
    auto* shared = static_cast<SharedBuild*>(shm_toc_lookup(toc, key_shared, false));
    auto* scan = static_cast<ParallelTableScanDesc>(shm_toc_lookup(toc, key_scan, false));
    debug_query_string = static_cast<const char*>(shm_toc_lookup(toc, key_query, true));
    pgstat_report_activity(STATE_RUNNING, debug_query_string);
    const bool concurrent = shared->is_concurrent;
    Relation heap = table_open(shared->heap, concurrent ? ShareUpdateExclusiveLock : ShareLock);
    Relation index = index_open(shared->index, concurrent ? RowExclusiveLock : AccessExclusiveLock);
    IndexInfo* info = BuildIndexInfo(index);
    info->ii_Concurrent = concurrent;
    load_part(heap, index, open_index(index).meta, info, scan, shared, false);
    index_close(index, concurrent ? RowExclusiveLock : AccessExclusiveLock);
    table_close(heap, concurrent ? ShareUpdateExclusiveLock : ShareLock);
}
