#pragma once

#include "graph/types.hpp"
#include "ruhnsw/postgres_access.hpp"

// What is on disk. Everything here is read by later versions: a change raises format_version.
//
// An index is one relation of 8 KB pages:
//   block 0         meta page: what the index was created with
//   block 1         directory: heads of the bucket chains
//   bucket pages    one root per tenant (a value of the key column; an index without key column
//                   has one tenant, of the empty key)
//   list pages      slots of one tenant's nodes without room for links: more to a page, for
//                   tenants so small that a search reads all of them
//   node pages      slots of one tenant's nodes with room for links, in the same chain, after its
//                   list pages; a node is one distinct vector
//   upper pages     slots of the upper levels of one tenant's graph, chained
//   vector pages    one vector that does not fit beside its links, chained
//   free pages      in the free space map
// Every page names its kind and tenant, every slot its tenant, so that whoever follows an old
// reference to a place that has been given to somebody else notices.
namespace pgmind::ruhnsw {

inline constexpr uint32 format_magic = 0x52554857;
inline constexpr uint32 format_version = 2;
inline constexpr uint16 page_magic = 0x5255;
inline constexpr BlockNumber meta_block = 0;
inline constexpr BlockNumber directory_block = 1;
inline constexpr int directory_buckets = 1024;
inline constexpr int key_bytes_max = 2000;
inline constexpr int heap_tids_max = 10;
inline constexpr int level_max = 15;

// A slot: block * 16 + number. The same form at all levels.
using SlotId = uint32;
inline constexpr SlotId invalid_slot = 0xFFFFFFFF;
inline constexpr int page_slots_max = 16;
inline constexpr BlockNumber block_limit = 0x0FFFFFFF;

inline BlockNumber slot_block(SlotId id) {
    return id >> 4;
}
inline int slot_number(SlotId id) {
    return static_cast<int>(id & 15);
}
inline SlotId make_slot_id(BlockNumber block, int number) {
    return block << 4 | static_cast<uint32>(number);
}

enum class PageKind : uint16 { free = 1, meta, directory, bucket, node, upper, vector, list };

// In the special space of every page.
struct PageTail {
    uint32 tenant;     // 0 where the page belongs to none
    BlockNumber next;  // of the chain
    PageKind kind;
    uint16 magic;
};

using graph::Metric;

struct MetaPage {
    uint32 magic;
    uint32 version;
    uint64 seed;  // of the rotation
    uint16 m;
    uint16 ef_construction;  // when it was built
    uint16 dimensions;       // of the column's type; 0: each tenant's first vector decides
    Metric metric;
    bool keyed;
};

struct DirectoryPage {
    uint32 next_tenant;
    BlockNumber buckets[directory_buckets];
};

// list: there may be list pages, which only who holds the root's lock may read or change; flat:
// node pages only, which are not all linked.
enum class TenantState : uint8 { list, flat, graph };

// An item of a bucket page; the key's bytes follow. Found by key, never by place alone: the item
// goes when the tenant's last row went.
struct Root {
    uint64 hash;
    uint32 tenant;
    uint16 dimensions;
    TenantState state;
    uint8 level;   // of the entry
    SlotId entry;  // where searches begin; invalid_slot in an empty graph
    BlockNumber first_node;
    BlockNumber last_node;
    BlockNumber insert_node;  // no page before it in the chain has a free slot
    BlockNumber first_upper;
    BlockNumber last_upper;
    BlockNumber insert_upper;
    uint32 node_pages;
    uint32 upper_pages;
    uint32 key_bytes;

    const char* key() const { return reinterpret_cast<const char*>(this + 1); }
    char* key() { return reinterpret_cast<char*>(this + 1); }
};
static_assert(sizeof(Root) == 56);

enum class SlotState : uint8 { free, live, dead };

// The head of a slot; its links and its vector follow as Geometry says. A dead slot has no row left
// but is still a step of searches until VACUUM has replaced the links to it.
struct Slot {
    uint32 tenant;
    SlotState state;
    bool linked;  // part of the graph (those of a tenant that is none are not)
    uint8 level;
    uint8 tid_count;
    uint16 degree;
    bool in_list;  // on a list page
    uint8 unused;
    BlockNumber vector_block;  // first vector page; invalid where the vector is in the slot
    uint32 vector_token;       // what that page must say
    SlotId base;               // upper levels: the node; level 0: unused
    SlotId below;              // upper levels: the same node one level below
    ItemPointerData tids[heap_tids_max];
};
static_assert(sizeof(Slot) == 88);

// The head of a vector page; floats follow.
struct VectorPart {
    uint32 token;
    uint32 floats;
};

inline constexpr Size page_head_bytes = MAXALIGN(SizeOfPageHeaderData);
inline constexpr Size page_space = BLCKSZ - page_head_bytes - MAXALIGN(sizeof(PageTail));

// Sizes and offsets of slots with `capacity` links.
struct SlotGeometry {
    uint16 capacity;
    uint16 slots_per_page;
    uint32 stride;
    uint32 ids_offset;
    uint32 f1_offset;
    uint32 f2_offset;
    uint32 codes_offset;
    uint32 vector_offset;
};

// Follows from m and the dimensions alone, so it is nowhere stored.
struct Geometry {
    uint16 dimensions;
    uint16 rotated;  // floats of a stored vector
    uint16 code_bits;
    uint16 code_bytes;
    bool vector_in_slot;
    SlotGeometry list;
    SlotGeometry node;
    SlotGeometry upper;

    const SlotGeometry& at_level(int level) const { return level == 0 ? node : upper; }
    const SlotGeometry& of(const Slot& slot) const {
        return slot.in_list ? list : at_level(slot.level);
    }
    const SlotGeometry& on(PageKind kind) const {
        return kind == PageKind::list ? list : kind == PageKind::upper ? upper : node;
    }
};

Geometry make_geometry(int m, int dimensions);

// The links of a slot, in place on a page (or on the copy of it that becomes a WAL record).
struct Links {
    uint16* degree;
    uint32 capacity;
    uint32 code_bytes;
    SlotId* ids;
    float* f1;
    float* f2;
    uint8* codes;

    uint8* code(uint32 i) const { return codes + static_cast<Size>(i) * code_bytes; }
};

inline PageTail* page_tail(Page page) {
    return reinterpret_cast<PageTail*>(PageGetSpecialPointer(page));
}
inline MetaPage* meta_of(Page page) {
    return reinterpret_cast<MetaPage*>(PageGetContents(page));
}
inline DirectoryPage* directory_of(Page page) {
    return reinterpret_cast<DirectoryPage*>(PageGetContents(page));
}
inline Slot* slot_at(Page page, const SlotGeometry& geometry, int number) {
    return reinterpret_cast<Slot*>(static_cast<char*>(page) + page_head_bytes +
                                   static_cast<Size>(number) * geometry.stride);
}
// Slots that were ever used; the rest of the page is the hole.
inline int page_slots(Page page, const SlotGeometry& geometry) {
    const Size lower = reinterpret_cast<PageHeader>(page)->pd_lower;
    return static_cast<int>((lower - page_head_bytes) / geometry.stride);
}
inline Links links_of(Slot* slot, const Geometry& geometry) {
    const SlotGeometry& part = geometry.of(*slot);
    char* start = reinterpret_cast<char*>(slot);
    return {&slot->degree,
            part.capacity,
            geometry.code_bytes,
            reinterpret_cast<SlotId*>(start + part.ids_offset),
            reinterpret_cast<float*>(start + part.f1_offset),
            reinterpret_cast<float*>(start + part.f2_offset),
            reinterpret_cast<uint8*>(start + part.codes_offset)};
}
inline float* vector_in(Slot* slot, const Geometry& geometry) {
    return reinterpret_cast<float*>(reinterpret_cast<char*>(slot) +
                                    geometry.of(*slot).vector_offset);
}

}  // namespace pgmind::ruhnsw
