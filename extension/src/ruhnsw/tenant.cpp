#include "ruhnsw/tenant.hpp"

#include <cstring>

#include "ruhnsw/cache.hpp"
#include "ruhnsw/handler.hpp"

namespace pgmind::ruhnsw {
namespace {

bool is_root_of(const Root* root, const Key& key) {
    return root->hash == key.hash && root->key_bytes == key.length &&
           std::memcmp(root->key(), key.bytes, key.length) == 0;
}

Root* root_or_null(Page page, OffsetNumber offset) {
    if (!is_page(page, PageKind::bucket, 0) || offset < FirstOffsetNumber ||
        offset > PageGetMaxOffsetNumber(page) || !ItemIdIsUsed(PageGetItemId(page, offset))) {
        return nullptr;
    }
    return root_at(page, offset);
}

void fill_tenant(const Index& index, Buffer buffer, OffsetNumber offset, const Root* root,
                 Tenant* tenant) {
    tenant->block = BufferGetBlockNumber(buffer);
    tenant->offset = offset;
    tenant->root = *root;
    tenant->geometry = make_geometry(index.meta.m, root->dimensions);
}

OffsetNumber find_on_page(Page page, const Key& key) {
    const OffsetNumber last = PageGetMaxOffsetNumber(page);
    for (OffsetNumber offset = FirstOffsetNumber; offset <= last; ++offset) {
        const Root* root = root_or_null(page, offset);
        if (root != nullptr && is_root_of(root, key)) {
            return offset;
        }
    }
    return InvalidOffsetNumber;
}

void remember(const Index& index, const Key& key, const Tenant& tenant) {
    if (IndexCache* cache = cache_of(index.relation)) {
        cache->tenants[key.hash % IndexCache::tenant_entries] = {key.hash, tenant.block,
                                                                 tenant.offset};
    }
}

bool find_cached(const Index& index, const Key& key, Tenant* tenant) {
    const IndexCache* cache = cache_of(index.relation);
    if (cache == nullptr) {
        return false;
    }
    const CachedTenant cached = cache->tenants[key.hash % IndexCache::tenant_entries];
    if (cached.block == InvalidBlockNumber || cached.hash != key.hash) {
        return false;
    }
    Buffer buffer = read_page(index, cached.block, BUFFER_LOCK_SHARE);
    const Root* root = root_or_null(BufferGetPage(buffer), cached.offset);
    const bool found = root != nullptr && is_root_of(root, key);
    if (found) {
        fill_tenant(index, buffer, cached.offset, root, tenant);
    }
    UnlockReleaseBuffer(buffer);
    return found;
}

BlockNumber bucket_head(const Index& index, const Key& key) {
    Buffer buffer = read_page(index, directory_block, BUFFER_LOCK_SHARE);
    const BlockNumber head =
        directory_of(BufferGetPage(buffer))->buckets[key.hash % directory_buckets];
    UnlockReleaseBuffer(buffer);
    return head;
}

bool find_in_chain(const Index& index, BlockNumber block, const Key& key, Tenant* tenant) {
    while (block != InvalidBlockNumber) {
        CHECK_FOR_INTERRUPTS();
        Buffer buffer = read_page(index, block, BUFFER_LOCK_SHARE);
        Page page = BufferGetPage(buffer);
        const OffsetNumber offset = find_on_page(page, key);
        if (offset != InvalidOffsetNumber) {
            fill_tenant(index, buffer, offset, root_at(page, offset), tenant);
            UnlockReleaseBuffer(buffer);
            return true;
        }
        block = page_tail(page)->next;
        UnlockReleaseBuffer(buffer);
    }
    return false;
}

// A page of the chain with room for `bytes`, locked exclusively; a new one (*is_new) if there is
// none.
Buffer bucket_with_room(const Index& index, BlockNumber block, Size bytes, bool* is_new) {
    *is_new = false;
    while (block != InvalidBlockNumber) {
        Buffer buffer = read_page(index, block, BUFFER_LOCK_EXCLUSIVE);
        Page page = BufferGetPage(buffer);
        if (PageGetFreeSpace(page) >= MAXALIGN(bytes)) {
            return buffer;
        }
        block = page_tail(page)->next;
        UnlockReleaseBuffer(buffer);
    }
    *is_new = true;
    return allocate_page(index);
}

Root* make_root(const Key& key, int dimensions, uint32 tenant, Size* bytes) {
    *bytes = sizeof(Root) + key.length;
    auto* root = static_cast<Root*>(palloc0(*bytes));
    root->hash = key.hash;
    root->tenant = tenant;
    root->dimensions = static_cast<uint16>(dimensions);
    root->state = TenantState::list;
    root->entry = invalid_slot;
    root->first_node = root->last_node = root->insert_node = InvalidBlockNumber;
    root->first_upper = root->last_upper = root->insert_upper = InvalidBlockNumber;
    root->key_bytes = key.length;
    std::memcpy(root->key(), key.bytes, key.length);
    return root;
}

// The caller holds the directory exclusively, which makes creations take turns.
void create_tenant(const Index& index, Buffer directory_buffer, const Key& key, int dimensions) {
    const DirectoryPage* old = directory_of(BufferGetPage(directory_buffer));
    const BlockNumber head = old->buckets[key.hash % directory_buckets];
    Size bytes;
    Root* root = make_root(key, dimensions, old->next_tenant, &bytes);
    bool is_new;
    Buffer bucket = bucket_with_room(index, head, bytes, &is_new);

    PageEdit edit = edit_start(index);
    Page page = edit_page(&edit, bucket, is_new);
    if (is_new) {
        init_page(page, PageKind::bucket, 0);
        page_tail(page)->next = head;
    }
    if (PageAddItem(page, reinterpret_cast<Item>(root), bytes, InvalidOffsetNumber, false, false) ==
        InvalidOffsetNumber) {
        elog(ERROR, "no room for a root on its page");
    }
    DirectoryPage* directory = directory_of(edit_page(&edit, directory_buffer));
    ++directory->next_tenant;
    if (is_new) {
        directory->buckets[key.hash % directory_buckets] = BufferGetBlockNumber(bucket);
    }
    edit_finish(&edit);
    UnlockReleaseBuffer(bucket);
    pfree(root);
}

}  // namespace

Key make_key(Relation index, Datum value) {
    FmgrInfo* hash = index_getprocinfo(index, 1, hash_support);
    Key key;
    key.hash =
        DatumGetUInt64(FunctionCall2Coll(hash, index->rd_indcollation[0], value, Int64GetDatum(0)));
    const Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(index), 0);
    if (attribute->attlen == -1) {
        auto* text = reinterpret_cast<struct varlena*>(PG_DETOAST_DATUM_PACKED(value));
        key.bytes = VARDATA_ANY(text);
        key.length = static_cast<uint32>(VARSIZE_ANY_EXHDR(text));
    } else if (attribute->attbyval) {
        char* bytes = static_cast<char*>(palloc(sizeof(Datum)));
        store_att_byval(bytes, value, attribute->attlen);
        key.bytes = bytes;
        key.length = static_cast<uint32>(attribute->attlen);
    } else {
        key.bytes = DatumGetPointer(value);
        key.length = static_cast<uint32>(attribute->attlen);
    }
    return key;
}

bool find_tenant(const Index& index, const Key& key, Tenant* tenant) {
    if (find_cached(index, key, tenant)) {
        return true;
    }
    if (!find_in_chain(index, bucket_head(index, key), key, tenant)) {
        return false;
    }
    remember(index, key, *tenant);
    return true;
}

void find_or_create_tenant(const Index& index, const Key& key, int dimensions, Tenant* tenant) {
    if (key.length > key_bytes_max) {
        ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                        errmsg("key of %u bytes exceeds the ruhnsw limit of %d bytes", key.length,
                               key_bytes_max)));
    }
    while (!find_tenant(index, key, tenant)) {
        Buffer directory = read_page(index, directory_block, BUFFER_LOCK_EXCLUSIVE);
        const BlockNumber head =
            directory_of(BufferGetPage(directory))->buckets[key.hash % directory_buckets];
        Tenant other;
        if (!find_in_chain(index, head, key, &other)) {
            create_tenant(index, directory, key, dimensions);
        }
        UnlockReleaseBuffer(directory);
    }
}

Buffer lock_root(const Index& index, const Tenant& tenant, int lock_mode, Root** root) {
    Buffer buffer = read_page(index, tenant.block, lock_mode);
    *root = root_or_null(BufferGetPage(buffer), tenant.offset);
    if (*root != nullptr && (*root)->tenant == tenant.root.tenant) {
        return buffer;
    }
    UnlockReleaseBuffer(buffer);
    return InvalidBuffer;
}

bool refresh_tenant(const Index& index, Tenant* tenant) {
    Root* root;
    Buffer buffer = lock_root(index, *tenant, BUFFER_LOCK_SHARE, &root);
    if (!BufferIsValid(buffer)) {
        return false;
    }
    tenant->root = *root;
    UnlockReleaseBuffer(buffer);
    return true;
}

void remove_root(const Index& index, Buffer buffer, OffsetNumber offset) {
    PageEdit edit = edit_start(index);
    Page page = edit_page(&edit, buffer);
    PageIndexTupleDeleteNoCompact(page, offset);
    // The next root takes the item's place; else tenants that come and go would use them all up.
    PageSetHasFreeLinePointers(page);
    edit_finish(&edit);
}

void visit_tenants(const Index& index, VisitTenant visit, void* context) {
    PGAlignedBlock copy;
    for (int bucket = 0; bucket < directory_buckets; ++bucket) {
        BlockNumber block = bucket_head(index, Key{"", 0, static_cast<uint64>(bucket)});
        while (block != InvalidBlockNumber) {
            CHECK_FOR_INTERRUPTS();
            Buffer buffer = read_page(index, block, BUFFER_LOCK_SHARE);
            std::memcpy(copy.data, BufferGetPage(buffer), BLCKSZ);
            UnlockReleaseBuffer(buffer);
            const OffsetNumber last = PageGetMaxOffsetNumber(copy.data);
            for (OffsetNumber offset = FirstOffsetNumber; offset <= last; ++offset) {
                const Root* root = root_or_null(copy.data, offset);
                if (root == nullptr) {
                    continue;
                }
                const Tenant tenant{block, offset, *root,
                                    make_geometry(index.meta.m, root->dimensions)};
                if (!visit(context, tenant, root->key())) {
                    return;
                }
            }
            block = page_tail(copy.data)->next;
        }
    }
}

}  // namespace pgmind::ruhnsw
