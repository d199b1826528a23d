// Order, equality and hash: element by element, and where one vector is the beginning of the
// other the shorter one first. -0 equals 0, as it does for float.

#include <algorithm>

#include "vector.hpp"

namespace pgmind {
namespace {

// -1, 0 or 1. Values are never NaN, so this is a total order.
int compare(const Vector* a, const Vector* b) {
    const int shared = std::min(a->dimensions, b->dimensions);
    for (int i = 0; i < shared; ++i) {
        const float left = a->values()[i];
        const float right = b->values()[i];
        if (left != right) {
            return left < right ? -1 : 1;
        }
    }
    return (a->dimensions > b->dimensions) - (a->dimensions < b->dimensions);
}

// Sorts and index searches compare many times within one memory context, so copies are freed.
int compare_arguments(FunctionCallInfo fcinfo) {
    const Vector* a = vector_argument(fcinfo, 0);
    const Vector* b = vector_argument(fcinfo, 1);
    const int order = compare(a, b);
    free_if_copy(a, PG_GETARG_DATUM(0));
    free_if_copy(b, PG_GETARG_DATUM(1));
    return order;
}

// The values with -0 replaced by 0, so that equal vectors hash alike; to be freed by the caller.
Vector* hashable_copy(FunctionCallInfo fcinfo) {
    const Vector* vector = vector_argument(fcinfo, 0);
    Vector* copy = new_vector(vector->dimensions);
    for (int i = 0; i < vector->dimensions; ++i) {
        copy->values()[i] = vector->values()[i] + 0.0F;
    }
    free_if_copy(vector, PG_GETARG_DATUM(0));
    return copy;
}

const unsigned char* hashed_bytes(const Vector* vector) {
    return reinterpret_cast<const unsigned char*>(vector->values());
}

int hashed_length(const Vector* vector) {
    return static_cast<int>(sizeof(float)) * vector->dimensions;
}

}  // namespace

PGMIND_FUNCTION(ruvector_lt) {
    PG_RETURN_BOOL(compare_arguments(fcinfo) < 0);
}

PGMIND_FUNCTION(ruvector_le) {
    PG_RETURN_BOOL(compare_arguments(fcinfo) <= 0);
}

PGMIND_FUNCTION(ruvector_eq) {
    PG_RETURN_BOOL(compare_arguments(fcinfo) == 0);
}

PGMIND_FUNCTION(ruvector_ne) {
    PG_RETURN_BOOL(compare_arguments(fcinfo) != 0);
}

PGMIND_FUNCTION(ruvector_ge) {
    PG_RETURN_BOOL(compare_arguments(fcinfo) >= 0);
}

PGMIND_FUNCTION(ruvector_gt) {
    PG_RETURN_BOOL(compare_arguments(fcinfo) > 0);
}

PGMIND_FUNCTION(ruvector_cmp) {
    PG_RETURN_INT32(compare_arguments(fcinfo));
}

PGMIND_FUNCTION(ruvector_hash) {
    Vector* copy = hashable_copy(fcinfo);
    const Datum hash = hash_any(hashed_bytes(copy), hashed_length(copy));
    pfree(copy);
    return hash;
}

PGMIND_FUNCTION(ruvector_hash_extended) {
    Vector* copy = hashable_copy(fcinfo);
    const Datum hash = hash_any_extended(hashed_bytes(copy), hashed_length(copy),
                                         static_cast<uint64>(PG_GETARG_INT64(1)));
    pfree(copy);
    return hash;
}

}  // namespace pgmind
