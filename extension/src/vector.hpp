#pragma once

#include "limits.hpp"
#include "postgres.hpp"

namespace pgmind {

// A stored ruvector: varlena header, dimensions, a reserved field that is always zero, and the
// floats. The same layout as pgvector's `vector`; it is on disk, so it never changes.
struct Vector {
    int32 varlena_header_;  // only through SET_VARSIZE and VARSIZE
    int16 dimensions;
    int16 reserved;

    float* values() { return reinterpret_cast<float*>(this + 1); }
    const float* values() const { return reinterpret_cast<const float*>(this + 1); }
    std::span<float> span() { return {values(), static_cast<std::size_t>(dimensions)}; }
    std::span<const float> span() const { return {values(), static_cast<std::size_t>(dimensions)}; }
};
static_assert(sizeof(Vector) == 8, "the floats begin at byte 8 on disk");

inline std::size_t vector_bytes(int dimensions) {
    return sizeof(Vector) + sizeof(float) * static_cast<std::size_t>(dimensions);
}

// A vector of zeros in the current memory context. `dimensions` must have passed
// check_dimensions.
Vector* new_vector(int dimensions);

// The vector behind a datum, detoasted. A copy where the stored form was compressed, short or out
// of line: free it with free_if_copy where calls add up within one memory context (sorts).
inline const Vector* vector_from_datum(Datum datum) {
    return reinterpret_cast<const Vector*>(PG_DETOAST_DATUM(datum));
}
inline const Vector* vector_argument(FunctionCallInfo fcinfo, int index) {
    return vector_from_datum(fcinfo->args[index].value);
}
inline void free_if_copy(const Vector* vector, Datum datum) {
    if (reinterpret_cast<Pointer>(const_cast<Vector*>(vector)) != DatumGetPointer(datum)) {
        pfree(const_cast<Vector*>(vector));
    }
}

// The following raise an ERROR that names the numbers.
void check_dimensions(int64 dimensions);  // 1 to dimensions_max
void check_same_dimensions(const Vector* a, const Vector* b);
void check_finite(const Vector* vector);       // input: NaN, Infinity
void check_no_overflow(const Vector* vector);  // results of arithmetic

// `typmod` is the n of ruvector(n), or -1. False where `dimensions` does not match and the caller
// asked for a soft error by `escontext` (PostgreSQL 16); otherwise a mismatch is raised.
bool matches_typmod(int dimensions, int32 typmod, Node* escontext);

}  // namespace pgmind
