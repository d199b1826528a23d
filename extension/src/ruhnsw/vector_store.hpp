#pragma once

#include "ruhnsw/page.hpp"

// Vectors as the index stores them: normalised for the cosine distance, rotated.
namespace pgmind::ruhnsw {

// Where a vector lies that does not fit beside its links.
struct VectorPlace {
    BlockNumber block;
    uint32 token;
};

// False for a vector without direction (cosine distance of zero): such rows are not indexed. `out`
// has geometry.rotated floats.
bool prepare_vector(const Index& index, const Geometry& geometry, const float* values, float* out);

// The index's distance: smaller is nearer.
float vector_distance(Metric metric, const float* a, const float* b, Size n);

// Writes the vector to pages of its own, last part first, and returns the first.
VectorPlace write_vector_pages(const Index& index, uint32 tenant, const float* vector, Size floats);
// False where the pages belong to somebody else by now.
bool read_vector_pages(const Index& index, uint32 tenant, VectorPlace place, Size floats,
                       float* out);
// Gives the pages back.
void free_vector_pages(const Index& index, uint32 tenant, VectorPlace place);

// The slot's vector, in place or copied to `buffer`; null where its pages are gone.
const float* slot_vector(const Index& index, const Geometry& geometry, Slot* slot, float* buffer);

}  // namespace pgmind::ruhnsw
