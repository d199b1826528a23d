#pragma once

#include "ruhnsw/layout.hpp"

// What a backend remembers of an index between calls, in rd_amcache: PostgreSQL frees it whenever
// the index's definition may have changed. So it is fetched anew for each use, and everything in it
// is a hint that is checked (but for the meta page, which never changes).
namespace pgmind::ruhnsw {

struct CachedTenant {
    uint64 hash;
    BlockNumber block;
    OffsetNumber offset;
};

struct CachedBuffer {
    BlockNumber block;
    Buffer buffer;
};

struct IndexCache {
    static constexpr uint32 tenant_entries = 64;

    MetaPage meta;
    CachedTenant tenants[tenant_entries];
    uint32 buffer_mask;  // entries - 1
    CachedBuffer buffers[FLEXIBLE_ARRAY_MEMBER];
};

inline IndexCache* cache_of(Relation relation) {
    return static_cast<IndexCache*>(relation->rd_amcache);
}

}  // namespace pgmind::ruhnsw
