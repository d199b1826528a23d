#include "ruhnsw/page.hpp"

#include "ruhnsw/cache.hpp"

namespace pgmind::ruhnsw {
namespace {

// At most 2 MB a backend and index.
constexpr uint32 buffer_entries_max = 1U << 18;
constexpr uint32 buffer_entries_min = 1U << 10;

bool has_outgrown(const IndexCache& cache, BlockNumber block) {
    return block > cache.buffer_mask && cache.buffer_mask + 1 < buffer_entries_max;
}

IndexCache* make_cache(Relation relation, const MetaPage& meta) {
    const BlockNumber blocks = RelationGetNumberOfBlocks(relation);
    if (relation->rd_amcache != nullptr) {
        pfree(relation->rd_amcache);
        relation->rd_amcache = nullptr;
    }
    uint32 entries = buffer_entries_min;
    // Twice the size, so that an index can grow for a while.
    while (entries < buffer_entries_max && entries / 2 < blocks) {
        entries *= 2;
    }
    const Size bytes = offsetof(IndexCache, buffers) + entries * sizeof(CachedBuffer);
    auto* cache = static_cast<IndexCache*>(MemoryContextAllocZero(relation->rd_indexcxt, bytes));
    cache->meta = meta;
    cache->buffer_mask = entries - 1;
    for (CachedTenant& tenant : cache->tenants) {
        tenant.block = InvalidBlockNumber;
    }
    relation->rd_amcache = cache;
    return cache;
}

bool read_recent(Relation relation, const CachedBuffer& cached) {
#if PG_VERSION_NUM >= 160000
    return ReadRecentBuffer(relation->rd_locator, MAIN_FORKNUM, cached.block, cached.buffer);
#else
    return ReadRecentBuffer(relation->rd_node, MAIN_FORKNUM, cached.block, cached.buffer);
#endif
}

}  // namespace

Index open_index(Relation relation) {
    if (const IndexCache* cache = cache_of(relation)) {
        return {relation, cache->meta, false, nullptr};
    }
    Buffer buffer = ReadBuffer(relation, meta_block);
    LockBuffer(buffer, BUFFER_LOCK_SHARE);
    const MetaPage meta = *meta_of(BufferGetPage(buffer));
    UnlockReleaseBuffer(buffer);
    if (meta.magic != format_magic) {
        ereport(ERROR,
                (errcode(ERRCODE_INDEX_CORRUPTED),
                 errmsg("index \"%s\" is not a ruhnsw index", RelationGetRelationName(relation))));
    }
    if (meta.version != format_version) {
        ereport(ERROR,
                (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                 errmsg("index \"%s\" has format version %u, but this library reads version %u",
                        RelationGetRelationName(relation), meta.version, format_version),
                 errhint("REINDEX the index.")));
    }
    make_cache(relation, meta);
    return {relation, meta, false, nullptr};
}

Index new_index(Relation relation, const MetaPage& meta, Promoting* promoting) {
    return {relation, meta, true, promoting};
}

Buffer read_page(const Index& index, BlockNumber block, int lock_mode) {
    Relation relation = index.relation;
    IndexCache* cache = cache_of(relation);
    if (cache == nullptr || has_outgrown(*cache, block)) {
        cache = make_cache(relation, index.meta);
    }
    const uint32 entry = block & cache->buffer_mask;
    Buffer buffer = cache->buffers[entry].buffer;
    if (cache->buffers[entry].block != block || buffer == InvalidBuffer ||
        !read_recent(relation, cache->buffers[entry])) {
        buffer = ReadBuffer(relation, block);
        // Reading may have thrown the cache away.
        if (IndexCache* current = cache_of(relation)) {
            current->buffers[block & current->buffer_mask] = {block, buffer};
        }
    }
    LockBuffer(buffer, lock_mode);
    return buffer;
}

void prefetch_page(const Index& index, BlockNumber block, Size offset, Size bytes) {
    const IndexCache* cache = cache_of(index.relation);
    if (cache == nullptr) {
        return;
    }
    const CachedBuffer& cached = cache->buffers[block & cache->buffer_mask];
    if (cached.block != block || cached.buffer <= 0) {
        return;
    }
    // Another page by now, perhaps: then the hint is useless, but reading ahead does no harm.
    const char* page = BufferGetPage(cached.buffer);
    const char* start = page + offset;
    __builtin_prefetch(GetBufferDescriptor(static_cast<uint32>(cached.buffer - 1)), 1);
    __builtin_prefetch(page);
    __builtin_prefetch(page + BLCKSZ - MAXALIGN(sizeof(PageTail)));
    for (Size i = 0; i < bytes; i += 64) {
        __builtin_prefetch(start + i);
    }
}

PageEdit edit_start(const Index& index) {
    const bool logged = !index.in_build && RelationNeedsWAL(index.relation);
    return {logged ? GenericXLogStart(index.relation) : nullptr, 0, {}};
}

Page edit_page(PageEdit* edit, Buffer buffer, bool is_new) {
    edit->buffers[edit->count++] = buffer;
    if (edit->log == nullptr) {
        return BufferGetPage(buffer);
    }
    return GenericXLogRegisterBuffer(edit->log, buffer, is_new ? GENERIC_XLOG_FULL_IMAGE : 0);
}

void edit_finish(PageEdit* edit) {
    if (edit->log != nullptr) {
        GenericXLogFinish(edit->log);
        return;
    }
    for (int i = 0; i < edit->count; ++i) {
        MarkBufferDirty(edit->buffers[i]);
    }
}

Buffer allocate_page(const Index& index) {
    Relation relation = index.relation;
    for (;;) {
        const BlockNumber block = GetFreeIndexPage(relation);
        if (block == InvalidBlockNumber) {
            break;
        }
        Buffer buffer = ReadBuffer(relation, block);
        // The map is a hint that a crash may have made stale. Locked by another: not free at all.
        if (ConditionalLockBuffer(buffer)) {
            Page page = BufferGetPage(buffer);
            if (PageIsNew(page) || page_tail(page)->kind == PageKind::free) {
                return buffer;
            }
            LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
        }
        ReleaseBuffer(buffer);
    }
    const bool shared = !RELATION_IS_LOCAL(relation) || index.in_build;
    if (shared) {
        LockRelationForExtension(relation, ExclusiveLock);
    }
    Buffer buffer = ReadBuffer(relation, P_NEW);
    LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
    if (shared) {
        UnlockRelationForExtension(relation, ExclusiveLock);
    }
    if (BufferGetBlockNumber(buffer) >= block_limit) {
        UnlockReleaseBuffer(buffer);
        ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                        errmsg("index \"%s\" has reached its limit of 2 TB",
                               RelationGetRelationName(relation))));
    }
    return buffer;
}

void init_page(Page page, PageKind kind, uint32 tenant) {
    PageInit(page, BLCKSZ, sizeof(PageTail));
    *page_tail(page) = {tenant, InvalidBlockNumber, kind, page_magic};
    set_used(page, 0);
}

}  // namespace pgmind::ruhnsw
