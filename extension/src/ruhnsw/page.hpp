#pragma once

#include "ruhnsw/layout.hpp"

// Reading and changing pages.
namespace pgmind::ruhnsw {

// Shared by the processes of one build, which page locks do not keep apart.
struct Promoting {
    pg_atomic_uint64 tenants;    // bit (tenant % 64) while one of them makes the tenant a graph
    ConditionVariable finished;  // a bit was cleared
};

// An open index and what its meta page says. Cheap to make; lives as long as one call or scan.
struct Index {
    Relation relation;
    MetaPage meta;
    // While the index is built nobody else sees it: pages are changed in place and logged together
    // at the end.
    bool in_build;
    Promoting* promoting;  // of a build
};

// Raises an error where the relation is not an index of this format.
Index open_index(Relation relation);
// For the build: the relation as yet without pages.
Index new_index(Relation relation, const MetaPage& meta, Promoting* promoting);

// The page, pinned and locked (BUFFER_LOCK_SHARE or _EXCLUSIVE). It may be any page of the index:
// the caller checks kind and tenant. Remembers in which buffer it was.
Buffer read_page(const Index& index, BlockNumber block, int lock_mode);
// A hint to the processor that the page's head and tail and the `bytes` after `offset` are needed
// soon.
void prefetch_page(const Index& index, BlockNumber block, Size offset, Size bytes);

inline bool is_page(Page page, PageKind kind, uint32 tenant) {
    if (PageIsNew(page)) {
        return false;
    }
    const PageTail* tail = page_tail(page);
    return tail->kind == kind && tail->tenant == tenant;
}

// Whether it has nodes of level 0: a list page or a node page.
inline bool has_nodes(Page page, uint32 tenant) {
    return is_page(page, PageKind::node, tenant) || is_page(page, PageKind::list, tenant);
}

// A change of up to four pages, all of it or nothing after a crash. Between the first edit_page and
// edit_finish nothing may raise an error.
struct PageEdit {
    GenericXLogState* log;  // null where no WAL is written
    int count;
    Buffer buffers[MAX_GENERIC_XLOG_PAGES];
};

PageEdit edit_start(const Index& index);
// The page to change; the buffer is locked exclusively. `is_new`: the whole page is written.
Page edit_page(PageEdit* edit, Buffer buffer, bool is_new = false);
void edit_finish(PageEdit* edit);

// A page for the caller to initialise: from the free space map or a new one at the end, locked
// exclusively.
Buffer allocate_page(const Index& index);
void init_page(Page page, PageKind kind, uint32 tenant);
// Room after the page's head for slots or plain data: sets pd_lower, so that the rest is a hole
// that WAL records and page images leave out.
inline void set_used(Page page, Size bytes) {
    reinterpret_cast<PageHeader>(page)->pd_lower =
        static_cast<LocationIndex>(page_head_bytes + bytes);
}

}  // namespace pgmind::ruhnsw
