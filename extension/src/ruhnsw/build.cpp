// CREATE INDEX. A build is many inserts into shared buffers, without WAL and without waiting for
// VACUUM; the finished pages are logged at the end. So memory does not grow with the index, and
// several processes can build together.

#include "ruhnsw/build.hpp"

#include "limits.hpp"
#include "ruhnsw/handler.hpp"

namespace pgmind::ruhnsw {
namespace {

// Of every index: where a table's vectors lie in the index must not depend on who builds it.
constexpr uint64 rotation_seed = 0x9E3779B97F4A7C15;

[[noreturn]] void refuse_definition(const char* detail) {
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("ruhnsw indexes have the columns (embedding) or (key, embedding)"),
                    errdetail_internal("%s", detail)));
    pg_unreachable();
}

MetaPage make_meta(Relation index) {
    const int columns = RelationGetDescr(index)->natts;
    if (columns > 2) {
        refuse_definition("There are more than two columns.");
    }
    if (!OidIsValid(index_getprocid(index, static_cast<AttrNumber>(columns), metric_support))) {
        refuse_definition("The last column is not a vector.");
    }
    if (columns == 2) {
        if (!OidIsValid(index_getprocid(index, 1, hash_support))) {
            refuse_definition("The first of two columns must be a key.");
        }
        const Oid collation = index->rd_indcollation[0];
        if (OidIsValid(collation) && !get_collation_isdeterministic(collation)) {
            ereport(ERROR,
                    (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                     errmsg("nondeterministic collations are not supported for ruhnsw keys")));
        }
    }
    FmgrInfo* metric = index_getprocinfo(index, static_cast<AttrNumber>(columns), metric_support);
    const int32 dimensions = TupleDescAttr(RelationGetDescr(index), columns - 1)->atttypmod;
    MetaPage meta{};
    meta.magic = format_magic;
    meta.version = format_version;
    meta.seed = rotation_seed;
    meta.m = static_cast<uint16>(m_of(index));
    meta.ef_construction = static_cast<uint16>(ef_construction_of(index));
    meta.dimensions = static_cast<uint16>(dimensions > 0 ? dimensions : 0);
    meta.metric = static_cast<Metric>(
        DatumGetInt32(FunctionCall0Coll(metric, index->rd_indcollation[columns - 1])));
    meta.keyed = columns == 2;
    return meta;
}

void init_meta(Page page, const MetaPage& meta) {
    init_page(page, PageKind::meta, 0);
    *meta_of(page) = meta;
    set_used(page, sizeof(MetaPage));
}

void init_directory(Page page) {
    init_page(page, PageKind::directory, 0);
    DirectoryPage* directory = directory_of(page);
    directory->next_tenant = 1;
    std::fill(directory->buckets, directory->buckets + directory_buckets, InvalidBlockNumber);
    set_used(page, sizeof(DirectoryPage));
}

Buffer new_fork_page(Relation index, ForkNumber fork, BlockNumber expected) {
    Buffer buffer = ReadBufferExtended(index, fork, P_NEW, RBM_NORMAL, nullptr);
    LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
    if (BufferGetBlockNumber(buffer) != expected) {
        elog(ERROR, "index \"%s\" already contains data", RelationGetRelationName(index));
    }
    return buffer;
}

// Meta page and directory.
void create_first_pages(Relation index, ForkNumber fork, const MetaPage& meta) {
    LockRelationForExtension(index, ExclusiveLock);
    Buffer meta_buffer = new_fork_page(index, fork, meta_block);
    Buffer directory_buffer = new_fork_page(index, fork, directory_block);
    UnlockRelationForExtension(index, ExclusiveLock);
    START_CRIT_SECTION();
    init_meta(BufferGetPage(meta_buffer), meta);
    MarkBufferDirty(meta_buffer);
    init_directory(BufferGetPage(directory_buffer));
    MarkBufferDirty(directory_buffer);
    if (fork == INIT_FORKNUM) {
        log_newpage_buffer(meta_buffer, true);
        log_newpage_buffer(directory_buffer, true);
    }
    END_CRIT_SECTION();
    UnlockReleaseBuffer(directory_buffer);
    UnlockReleaseBuffer(meta_buffer);
}

void load_row(Relation, ItemPointer tid, Datum* values, bool* nulls, bool, void* state) {
    auto* builder = static_cast<Builder*>(state);
    MemoryContext before = MemoryContextSwitchTo(builder->row_memory);
    if (insert_values(builder->index, values, nulls, *tid, builder->ef_construction)) {
        pg_atomic_fetch_add_u64(&builder->counters->indexed, 1);
    }
    MemoryContextSwitchTo(before);
    MemoryContextReset(builder->row_memory);
    const uint64 rows = pg_atomic_add_fetch_u64(&builder->counters->rows, 1);
    if (builder->reports_progress) {
        pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_DONE, static_cast<int64>(rows));
    }
}

// As many as the setting allows: a build computes, it does not wait for the heap. The heap alone
// may be small, with the vectors out of line beside it.
int choose_workers(Relation heap, Relation index, IndexInfo* info) {
    const Oid heap_id = RelationGetRelid(heap);
    const int planned = plan_create_index_workers(heap_id, RelationGetRelid(index));
    if (planned > 0) {
        return planned;
    }
    const bool is_plain = info->ii_Expressions == NIL && info->ii_Predicate == NIL &&
                          heap->rd_rel->relpersistence != RELPERSISTENCE_TEMP;
    const Oid toast_id = heap->rd_rel->reltoastrelid;
    if (!is_plain || !OidIsValid(toast_id) || RelationGetParallelWorkers(heap, -1) == 0) {
        return 0;
    }
    Relation toast = table_open(toast_id, AccessShareLock);
    const BlockNumber blocks = RelationGetNumberOfBlocks(toast);
    table_close(toast, AccessShareLock);
    const bool is_large = blocks >= static_cast<BlockNumber>(min_parallel_table_scan_size);
    return is_large ? max_parallel_maintenance_workers : 0;
}

}  // namespace

double load_heap(Relation heap, Relation index_relation, const MetaPage& meta, IndexInfo* info,
                 ParallelTableScanDesc parallel_scan, BuildCounters* counters, bool is_leader) {
    Builder builder{
        new_index(index_relation, meta, &counters->promoting),
        static_cast<uint32>(ef_construction_of(index_relation)),
        AllocSetContextCreate(CurrentMemoryContext, "ruhnsw build", ALLOCSET_DEFAULT_SIZES),
        counters, is_leader};
    TableScanDesc scan =
        parallel_scan != nullptr ? table_beginscan_parallel(heap, parallel_scan) : nullptr;
    const double rows = table_index_build_scan(heap, index_relation, info, true, is_leader,
                                               load_row, &builder, scan);
    MemoryContextDelete(builder.row_memory);
    return rows;
}

IndexBuildResult* build_index(Relation heap, Relation index, IndexInfo* info) {
    const MetaPage meta = make_meta(index);
    create_first_pages(index, MAIN_FORKNUM, meta);
    auto* result = static_cast<IndexBuildResult*>(palloc0(sizeof(IndexBuildResult)));
    pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, phase_loading);
    const int workers = choose_workers(heap, index, info);
    if (workers == 0 || !load_heap_parallel(heap, index, meta, info, workers, result)) {
        BuildCounters counters;
        init_counters(&counters);
        result->heap_tuples = load_heap(heap, index, meta, info, nullptr, &counters, true);
        result->index_tuples = static_cast<double>(pg_atomic_read_u64(&counters.indexed));
    }
    if (RelationNeedsWAL(index)) {
        pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, phase_logging);
        log_newpage_range(index, MAIN_FORKNUM, 0, RelationGetNumberOfBlocks(index), true);
    }
    return result;
}

void build_empty_index(Relation index) {
    create_first_pages(index, INIT_FORKNUM, make_meta(index));
}

char* build_phase_name(int64 phase) {
    switch (phase) {
        case PROGRESS_CREATEIDX_SUBPHASE_INITIALIZE:
            return pstrdup("initializing");
        case phase_loading:
            return pstrdup("loading tuples");
        case phase_logging:
            return pstrdup("writing WAL");
        default:
            return nullptr;
    }
}

}  // namespace pgmind::ruhnsw
