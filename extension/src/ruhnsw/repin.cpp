// A pinned edge goes with the dead node that held it; the nodes that these led to get another one,
// from the nearest of their own neighbours.

#include <cstring>

#include "ruhnsw/vacuum.hpp"

namespace pgmind::ruhnsw {
namespace {

constexpr uint32 links_max = 2 * 100;

// A live slot that lost its pinned edge, copied.
struct Orphan {
    float* vector;
    graph::Candidate links[links_max];
    uint32 link_count;
};

uint32 copy_pinned(const VacuumRun& run, const Tenant& tenant, SlotId dead, int level,
                   SlotId* targets) {
    Slot* slot;
    Buffer buffer = lock_slot(run.index, tenant, dead, level, BUFFER_LOCK_SHARE, &slot);
    if (!BufferIsValid(buffer)) {
        return 0;
    }
    const Links links = links_of(slot, tenant.geometry);
    uint32 count = 0;
    for (uint32 i = 0; i < std::min<uint32>(*links.degree, links_max); ++i) {
        if (graph::is_pinned(links.f2[i]) && !run.is_dead(links.ids[i])) {
            targets[count++] = links.ids[i];
        }
    }
    UnlockReleaseBuffer(buffer);
    return count;
}

// The slot's vector if it is live and linked; copied to `out`.
bool copy_live_vector(const VacuumRun& run, const Tenant& tenant, SlotId id, int level, float* out,
                      Orphan* orphan) {
    Slot* slot;
    Buffer buffer = lock_slot(run.index, tenant, id, level, BUFFER_LOCK_SHARE, &slot);
    if (!BufferIsValid(buffer)) {
        return false;
    }
    bool copied = false;
    if (slot->state == SlotState::live && slot->linked) {
        const float* vector = slot_vector(run.index, tenant.geometry, slot, out);
        copied = vector != nullptr;
        if (copied && vector != out) {
            std::memcpy(out, vector, tenant.geometry.rotated * sizeof(float));
        }
    }
    if (copied && orphan != nullptr) {
        const Links links = links_of(slot, tenant.geometry);
        orphan->link_count = 0;
        for (uint32 i = 0; i < std::min<uint32>(*links.degree, links_max); ++i) {
            if (!run.is_dead(links.ids[i])) {
                orphan->links[orphan->link_count++] = {links.f1[i], links.ids[i]};
            }
        }
    }
    UnlockReleaseBuffer(buffer);
    return copied;
}

void pin_again(const VacuumRun& run, const Tenant& tenant, SlotId id, int level) {
    const Geometry& geometry = tenant.geometry;
    const Size bytes = geometry.rotated * sizeof(float);
    auto* orphan = static_cast<Orphan*>(palloc(sizeof(Orphan)));
    orphan->vector = static_cast<float*>(palloc(bytes));
    if (!copy_live_vector(run, tenant, id, level, orphan->vector, orphan)) {
        return;
    }
    std::sort(orphan->links, orphan->links + orphan->link_count, graph::is_nearer);
    auto* parent = static_cast<float*>(palloc(bytes));
    auto* code = static_cast<uint8*>(palloc(geometry.code_bytes));
    for (uint32 i = 0; i < orphan->link_count; ++i) {
        if (!copy_live_vector(run, tenant, orphan->links[i].node, level, parent, nullptr)) {
            continue;
        }
        const graph::EdgeFactors factors =
            graph::encode_edge(run.index.meta.metric, parent, orphan->vector, geometry.rotated,
                               geometry.code_bits, code);
        if (add_edge(run.index, tenant, orphan->links[i].node, level, id, graph::pinned(factors),
                     code, true)) {
            return;
        }
    }
}

}  // namespace

void pin_orphans(VacuumRun* run, const Tenant& tenant, SlotId dead, int level) {
    MemoryContextReset(run->slot_memory);
    MemoryContext before = MemoryContextSwitchTo(run->slot_memory);
    auto* targets = static_cast<SlotId*>(palloc(links_max * sizeof(SlotId)));
    const uint32 count = copy_pinned(*run, tenant, dead, level, targets);
    for (uint32 i = 0; i < count; ++i) {
        pin_again(*run, tenant, targets[i], level);
    }
    MemoryContextSwitchTo(before);
}

}  // namespace pgmind::ruhnsw
