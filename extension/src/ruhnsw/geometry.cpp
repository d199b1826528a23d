// The sizes of slots.

#include "graph/codes.hpp"
#include "graph/rotation.hpp"
#include "ruhnsw/layout.hpp"

namespace pgmind::ruhnsw {
namespace {

SlotGeometry make_slot_geometry(Size capacity, Size code_bytes, Size vector_bytes) {
    SlotGeometry geometry;
    Size offset = sizeof(Slot);
    geometry.capacity = static_cast<uint16>(capacity);
    geometry.ids_offset = static_cast<uint32>(offset);
    offset += capacity * sizeof(SlotId);
    geometry.f1_offset = static_cast<uint32>(offset);
    offset += capacity * sizeof(float);
    geometry.f2_offset = static_cast<uint32>(offset);
    offset += capacity * sizeof(float);
    geometry.codes_offset = static_cast<uint32>(offset);
    offset += capacity * code_bytes;
    geometry.vector_offset = static_cast<uint32>(offset);
    offset += vector_bytes;
    geometry.stride = static_cast<uint32>(MAXALIGN(offset));
    geometry.slots_per_page = static_cast<uint16>(
        std::min<Size>(page_space / geometry.stride, static_cast<Size>(page_slots_max)));
    return geometry;
}

// Codes may become a quarter shorter to keep the vector beside them: one page read less a step is
// worth more than the last bits of the estimates.
Size choose_code_bits(Size rotated, Size degree, bool* vector_in_slot) {
    const Size space = page_space - sizeof(Slot);
    const Size vector_bytes = rotated * sizeof(float);
    const Size alone = graph::code_bits(rotated, degree, space);
    const Size beside =
        vector_bytes < space ? graph::code_bits(rotated, degree, space - vector_bytes) : 0;
    *vector_in_slot = beside > 0 && beside * 4 >= alone * 3;
    return *vector_in_slot ? beside : alone;
}

}  // namespace

Geometry make_geometry(int m, int dimensions) {
    Geometry geometry;
    const Size capacity = 2 * static_cast<Size>(m);
    const Size rotated = graph::rotated_dims(static_cast<Size>(dimensions));
    const Size code_bits = choose_code_bits(rotated, capacity, &geometry.vector_in_slot);
    const Size code_bytes = graph::code_bytes(code_bits);
    const Size vector_bytes = geometry.vector_in_slot ? rotated * sizeof(float) : 0;
    Assert(code_bits > 0);
    geometry.dimensions = static_cast<uint16>(dimensions);
    geometry.rotated = static_cast<uint16>(rotated);
    geometry.code_bits = static_cast<uint16>(code_bits);
    geometry.code_bytes = static_cast<uint16>(code_bytes);
    geometry.list = make_slot_geometry(0, code_bytes, vector_bytes);
    geometry.node = make_slot_geometry(capacity, code_bytes, vector_bytes);
    geometry.upper = make_slot_geometry(static_cast<Size>(m), code_bytes, vector_bytes);
    return geometry;
}

}  // namespace pgmind::ruhnsw
