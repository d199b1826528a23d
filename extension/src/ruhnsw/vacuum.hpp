#pragma once

#include "ruhnsw/link.hpp"

// VACUUM of an index:
//   0. dead rows leave list pages, tenant by tenant under the root's lock; nothing points to a slot
//      there, so it becomes free. A node that moves to a node page later takes no dead row along
//   1. dead rows leave the other nodes; a node without rows becomes dead: still a step, never a
//   result
//   2. every insert that might not know so yet is waited for; slots of upper levels become
//      dead then, and inserts are waited for again
//   3. live nodes that only dead ones led to are led to by others, and then entries that died are
//      replaced (reach.cpp)
//   4. live nodes replace links to dead ones by links to those nodes' neighbours (repair.cpp). Now
//      there is room for edges to those for which there was none in step 3
//   5. nobody points to the dead slots any more: they become free. A tenant without rows gives its
//      pages back.
// After a crash in between the next VACUUM goes on: dead nodes are found again.
namespace pgmind::ruhnsw {

// What is known of a tenant; an entry of VacuumRun::tenants.
struct VacuumTenant {
    uint32 id;  // the hash key
    Tenant tenant;
    uint64 live;
    uint64 dead;
    SlotId best;  // a live linked slot of the highest level
    int best_level;
    BlockNumber free_node;  // a page with a free slot
    BlockNumber free_upper;
    bool has_unreached;  // after step 3
};

struct VacuumRun {
    Index index;
    IndexVacuumInfo* info;
    IndexBulkDeleteResult* stats;
    IndexBulkDeleteCallback callback;
    void* callback_state;
    BlockNumber blocks;  // that there were, and again after step 2's wait
    uint32 next_tenant;  // at the beginning
    HTAB* tenants;
    uint16* dead;  // per block, one bit a slot
    uint64 dead_count;
    PageKind* kinds;  // per block, as step 1 saw them; 0 where it did not
    bool removed_tenant;
    bool marked_upper;   // a slot of an upper level became dead
    bool has_unreached;  // a tenant has nodes that found no room in step 3
    MemoryContext memory;
    MemoryContext slot_memory;  // reset for each slot

    bool is_dead(SlotId id) const {
        return slot_block(id) < blocks && (dead[slot_block(id)] >> slot_number(id) & 1) != 0;
    }
    void set_dead(SlotId id) {
        dead[slot_block(id)] |= static_cast<uint16>(1U << slot_number(id));
        ++dead_count;
    }
};

Buffer read_vacuum_page(const VacuumRun& run, BlockNumber block, int lock_mode);
// Null where the tenant is younger than this VACUUM or gone.
VacuumTenant* find_vacuum_tenant(const VacuumRun& run, uint32 id);

void load_tenants(VacuumRun* run);
// Step 0.
void remove_from_lists(VacuumRun* run);
// Takes the dead rows out of a slot; true if that changed it.
bool remove_tids(VacuumRun* run, Slot* slot);
// Whether a live slot of the page has a dead row.
bool has_dead_tid(VacuumRun* run, Page page, const SlotGeometry& geometry, int slots);
// Puts the best of the live nodes in place of an entry that is dead.
void replace_entry(const VacuumRun& run, const VacuumTenant& tenant);
// The end of step 5.
void finish_tenants(VacuumRun* run);
void free_page(const Index& index, Buffer buffer);

// Step 3, and what of it was left until after step 4.
void restore_reach(VacuumRun* run);
void restore_rest(VacuumRun* run);
// Step 4, for all slots of one page.
void repair_page(VacuumRun* run, BlockNumber block);

}  // namespace pgmind::ruhnsw
