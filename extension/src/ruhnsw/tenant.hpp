#pragma once

#include "ruhnsw/page.hpp"

// Tenants: the directory from keys to roots.
namespace pgmind::ruhnsw {

// The bytes of a key column's value; empty for an index without key column.
struct Key {
    const char* bytes;
    uint32 length;
    uint64 hash;
};

inline constexpr Key no_key{"", 0, 0};

// The key in a datum of the key column, detoasted into the current memory context.
Key make_key(Relation index, Datum value);

// A copy of a root, and where it was.
struct Tenant {
    BlockNumber block;
    OffsetNumber offset;
    Root root;
    Geometry geometry;
};

// How many nodes there is room for on the tenant's pages.
inline uint64 slots_of(const Tenant& tenant) {
    const SlotGeometry& part =
        tenant.root.state == TenantState::list ? tenant.geometry.list : tenant.geometry.node;
    return static_cast<uint64>(tenant.root.node_pages) * part.slots_per_page;
}

bool find_tenant(const Index& index, const Key& key, Tenant* tenant);
// Creates the tenant if there is none. Concurrent callers get the same one.
void find_or_create_tenant(const Index& index, const Key& key, int dimensions, Tenant* tenant);

// The bucket page of the tenant, locked, and its root there in *root; InvalidBuffer if the tenant
// is no more. For changes: edit_root of the edit's copy of the page.
Buffer lock_root(const Index& index, const Tenant& tenant, int lock_mode, Root** root);
inline Root* root_at(Page page, OffsetNumber offset) {
    return reinterpret_cast<Root*>(PageGetItem(page, PageGetItemId(page, offset)));
}
// Reads the root again; false if the tenant is no more.
bool refresh_tenant(const Index& index, Tenant* tenant);

// Removes an empty tenant's root; the caller holds the bucket page exclusively.
void remove_root(const Index& index, Buffer buffer, OffsetNumber offset);

// Calls `visit` with every root (a copy in the current memory context, with its key) until it
// returns false. No lock is held meanwhile.
using VisitTenant = bool (*)(void* context, const Tenant& tenant, const char* key);
void visit_tenants(const Index& index, VisitTenant visit, void* context);

}  // namespace pgmind::ruhnsw
