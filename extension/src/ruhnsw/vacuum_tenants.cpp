// VACUUM's work on roots.

#include "ruhnsw/vacuum.hpp"

namespace pgmind::ruhnsw {
namespace {

bool load_tenant(void* context, const Tenant& tenant, const char*) {
    auto* run = static_cast<VacuumRun*>(context);
    auto* entry = static_cast<VacuumTenant*>(
        hash_search(run->tenants, &tenant.root.tenant, HASH_ENTER, nullptr));
    *entry = {tenant.root.tenant, tenant, 0, 0, invalid_slot, 0, InvalidBlockNumber,
              InvalidBlockNumber, false};
    return true;
}

// The next inserts fill the freed slots.
void set_hints(const VacuumRun& run, const VacuumTenant& tenant) {
    if (tenant.free_node == InvalidBlockNumber && tenant.free_upper == InvalidBlockNumber) {
        return;
    }
    Root* root;
    Buffer buffer = lock_root(run.index, tenant.tenant, BUFFER_LOCK_EXCLUSIVE, &root);
    if (!BufferIsValid(buffer)) {
        return;
    }
    PageEdit edit = edit_start(run.index);
    root = root_at(edit_page(&edit, buffer), tenant.tenant.offset);
    if (tenant.free_node != InvalidBlockNumber) {
        root->insert_node = tenant.free_node;
    }
    if (tenant.free_upper != InvalidBlockNumber) {
        root->insert_upper = tenant.free_upper;
    }
    edit_finish(&edit);
    UnlockReleaseBuffer(buffer);
}

// Whether no slot of the page is used; also tells the next of the chain.
bool is_page_empty(const VacuumRun& run, const VacuumTenant& tenant, BlockNumber block,
                   PageKind kind, BlockNumber* next) {
    *next = InvalidBlockNumber;
    if (block == InvalidBlockNumber) {
        return true;
    }
    bool empty = true;
    Buffer buffer = read_page(run.index, block, BUFFER_LOCK_SHARE);
    Page page = BufferGetPage(buffer);
    if (kind == PageKind::node ? has_nodes(page, tenant.id) : is_page(page, kind, tenant.id)) {
        *next = page_tail(page)->next;
        const SlotGeometry& part = tenant.tenant.geometry.on(page_tail(page)->kind);
        const int slots = page_slots(page, part);
        for (int number = 0; number < slots && empty; ++number) {
            empty = slot_at(page, part, number)->state == SlotState::free;
        }
    }
    UnlockReleaseBuffer(buffer);
    return empty;
}

bool is_chain_empty(const VacuumRun& run, const VacuumTenant& tenant, BlockNumber block,
                    PageKind kind) {
    bool empty = true;
    while (block != InvalidBlockNumber && empty) {
        vacuum_delay_point();
        empty = is_page_empty(run, tenant, block, kind, &block);
    }
    return empty;
}

// The next inserts fill the chains from their beginnings. False if the tenant is gone.
bool rewind_hints(const VacuumRun& run, const VacuumTenant& tenant, Root* copy) {
    Root* root;
    Buffer buffer = lock_root(run.index, tenant.tenant, BUFFER_LOCK_EXCLUSIVE, &root);
    if (!BufferIsValid(buffer)) {
        return false;
    }
    if (root->insert_node != root->first_node || root->insert_upper != root->first_upper) {
        PageEdit edit = edit_start(run.index);
        root = root_at(edit_page(&edit, buffer), tenant.tenant.offset);
        root->insert_node = root->first_node;
        root->insert_upper = root->first_upper;
        edit_finish(&edit);
    }
    *copy = *root_at(BufferGetPage(buffer), tenant.tenant.offset);
    UnlockReleaseBuffer(buffer);
    return true;
}

// The root is locked for the first pages only, not for all of a tenant that was large: a slot that
// an insert has taken since the hints were rewound is on the first page, or a hint has moved.
void remove_if_empty(VacuumRun* run, const VacuumTenant& tenant) {
    Root seen;
    if (!rewind_hints(*run, tenant, &seen) ||
        !is_chain_empty(*run, tenant, seen.first_node, PageKind::node) ||
        !is_chain_empty(*run, tenant, seen.first_upper, PageKind::upper)) {
        return;
    }
    Root* root;
    Buffer buffer = lock_root(run->index, tenant.tenant, BUFFER_LOCK_EXCLUSIVE, &root);
    if (!BufferIsValid(buffer)) {
        return;
    }
    BlockNumber next;
    const bool is_empty = root->insert_node == root->first_node &&
                          root->insert_upper == root->first_upper &&
                          is_page_empty(*run, tenant, root->first_node, PageKind::node, &next) &&
                          is_page_empty(*run, tenant, root->first_upper, PageKind::upper, &next);
    if (is_empty) {
        remove_root(run->index, buffer, tenant.tenant.offset);
    }
    UnlockReleaseBuffer(buffer);
    if (is_empty) {
        // Its pages are nobody's now, and reclaimed as such.
        run->removed_tenant = true;
        hash_search(run->tenants, &tenant.id, HASH_REMOVE, nullptr);
    }
}

}  // namespace

VacuumTenant* find_vacuum_tenant(const VacuumRun& run, uint32 id) {
    return static_cast<VacuumTenant*>(hash_search(run.tenants, &id, HASH_FIND, nullptr));
}

void load_tenants(VacuumRun* run) {
    HASHCTL control{};
    control.keysize = sizeof(uint32);
    control.entrysize = sizeof(VacuumTenant);
    control.hcxt = run->memory;
    run->tenants =
        hash_create("ruhnsw tenants", 256, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
    Buffer buffer = read_page(run->index, directory_block, BUFFER_LOCK_SHARE);
    run->next_tenant = directory_of(BufferGetPage(buffer))->next_tenant;
    UnlockReleaseBuffer(buffer);
    visit_tenants(run->index, load_tenant, run);
}

void replace_entry(const VacuumRun& run, const VacuumTenant& tenant) {
    Root* root;
    Buffer buffer = lock_root(run.index, tenant.tenant, BUFFER_LOCK_EXCLUSIVE, &root);
    if (!BufferIsValid(buffer)) {
        return;
    }
    if (root->entry != invalid_slot && run.is_dead(root->entry)) {
        PageEdit edit = edit_start(run.index);
        root = root_at(edit_page(&edit, buffer), tenant.tenant.offset);
        root->entry = tenant.best;
        root->level = static_cast<uint8>(tenant.best == invalid_slot ? 0 : tenant.best_level);
        edit_finish(&edit);
    }
    UnlockReleaseBuffer(buffer);
}

void finish_tenants(VacuumRun* run) {
    HASH_SEQ_STATUS status;
    hash_seq_init(&status, run->tenants);
    while (auto* tenant = static_cast<VacuumTenant*>(hash_seq_search(&status))) {
        vacuum_delay_point();
        if (tenant->live == 0) {
            remove_if_empty(run, *tenant);
        } else {
            set_hints(*run, *tenant);
        }
    }
}

void free_page(const Index& index, Buffer buffer) {
    PageEdit edit = edit_start(index);
    init_page(edit_page(&edit, buffer, true), PageKind::free, 0);
    edit_finish(&edit);
}

}  // namespace pgmind::ruhnsw
