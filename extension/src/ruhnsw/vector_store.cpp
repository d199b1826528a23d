#include "ruhnsw/vector_store.hpp"

#include <cstring>

#include "graph/rotation.hpp"
#include "kernels/reference.hpp"
#include "simd.hpp"

namespace pgmind::ruhnsw {
namespace {

constexpr Size floats_per_page = (page_space - sizeof(VectorPart)) / sizeof(float);

VectorPart* part_of(Page page) {
    return reinterpret_cast<VectorPart*>(PageGetContents(page));
}

}  // namespace

bool prepare_vector(const Index& index, const Geometry& geometry, const float* values, float* out) {
    const Size n = geometry.dimensions;
    if (index.meta.metric != Metric::cosine) {
        graph::rotate(index.meta.seed, values, n, out);
        return true;
    }
    const double norm = std::sqrt(reference::inner_product(values, values, n));
    if (!(norm > 0)) {
        return false;
    }
    auto* normalised = static_cast<float*>(palloc(n * sizeof(float)));
    for (Size i = 0; i < n; ++i) {
        normalised[i] = static_cast<float>(static_cast<double>(values[i]) / norm);
    }
    graph::rotate(index.meta.seed, normalised, n, out);
    pfree(normalised);
    return true;
}

float vector_distance(Metric metric, const float* a, const float* b, Size n) {
    return metric == Metric::inner_product ? -active_kernels->inner_product(a, b, n)
                                           : active_kernels->l2_squared(a, b, n);
}

VectorPlace write_vector_pages(const Index& index, uint32 tenant, const float* vector,
                               Size floats) {
    VectorPlace place{InvalidBlockNumber, pg_prng_uint32(&pg_global_prng_state)};
    Size parts = (floats + floats_per_page - 1) / floats_per_page;
    while (parts-- > 0) {
        const Size start = parts * floats_per_page;
        const Size count = std::min(floats - start, floats_per_page);
        Buffer buffer = allocate_page(index);
        PageEdit edit = edit_start(index);
        Page page = edit_page(&edit, buffer, true);
        init_page(page, PageKind::vector, tenant);
        page_tail(page)->next = place.block;
        *part_of(page) = {place.token, static_cast<uint32>(count)};
        std::memcpy(part_of(page) + 1, vector + start, count * sizeof(float));
        set_used(page, sizeof(VectorPart) + count * sizeof(float));
        edit_finish(&edit);
        place.block = BufferGetBlockNumber(buffer);
        UnlockReleaseBuffer(buffer);
    }
    return place;
}

bool read_vector_pages(const Index& index, uint32 tenant, VectorPlace place, Size floats,
                       float* out) {
    BlockNumber block = place.block;
    for (Size start = 0; start < floats;) {
        if (block == InvalidBlockNumber) {
            return false;
        }
        Buffer buffer = read_page(index, block, BUFFER_LOCK_SHARE);
        Page page = BufferGetPage(buffer);
        const bool ours = is_page(page, PageKind::vector, tenant) &&
                          part_of(page)->token == place.token &&
                          part_of(page)->floats <= floats - start && part_of(page)->floats > 0;
        if (ours) {
            std::memcpy(out + start, part_of(page) + 1, part_of(page)->floats * sizeof(float));
            start += part_of(page)->floats;
            block = page_tail(page)->next;
        }
        UnlockReleaseBuffer(buffer);
        if (!ours) {
            return false;
        }
    }
    return true;
}

void free_vector_pages(const Index& index, uint32 tenant, VectorPlace place) {
    BlockNumber block = place.block;
    while (block != InvalidBlockNumber) {
        Buffer buffer = read_page(index, block, BUFFER_LOCK_EXCLUSIVE);
        Page page = BufferGetPage(buffer);
        const bool ours =
            is_page(page, PageKind::vector, tenant) && part_of(page)->token == place.token;
        const BlockNumber next = ours ? page_tail(page)->next : InvalidBlockNumber;
        if (ours) {
            PageEdit edit = edit_start(index);
            init_page(edit_page(&edit, buffer, true), PageKind::free, 0);
            edit_finish(&edit);
        }
        UnlockReleaseBuffer(buffer);
        if (ours) {
            RecordFreeIndexPage(index.relation, block);
        }
        block = next;
    }
}

const float* slot_vector(const Index& index, const Geometry& geometry, Slot* slot, float* buffer) {
    if (geometry.vector_in_slot) {
        return vector_in(slot, geometry);
    }
    const VectorPlace place{slot->vector_block, slot->vector_token};
    return read_vector_pages(index, slot->tenant, place, geometry.rotated, buffer) ? buffer
                                                                                   : nullptr;
}

}  // namespace pgmind::ruhnsw
