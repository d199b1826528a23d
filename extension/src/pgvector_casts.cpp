// Casts from and to pgvector's `vector`.
//
// That type may not exist, so nothing here is declared by the extension's script: the SQL function
// ruvector_create_vector_casts() declares these two where pgvector is installed, and first tries
// them on a value. Both types have the same layout; what comes in is checked all the same.

#include "vector.hpp"

namespace pgmind {
namespace {

// `from` as a vector of ours. Raises where the other type's layout is not the known one.
const Vector* checked_layout(const Vector* from) {
    const std::size_t bytes = VARSIZE(from);
    const bool is_known = bytes >= sizeof(Vector) && from->dimensions >= 1 &&
                          from->dimensions <= dimensions_max && from->reserved == 0 &&
                          bytes == vector_bytes(from->dimensions);
    if (!is_known) {
        ereport(ERROR,
                (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                 errmsg("this version of type vector has an unknown layout (%zu bytes)", bytes)));
    }
    return from;
}

Vector* copy_with_typmod(const Vector* from, int32 typmod) {
    matches_typmod(from->dimensions, typmod, nullptr);
    const std::size_t bytes = vector_bytes(from->dimensions);
    auto* copy = static_cast<Vector*>(palloc(bytes));
    memcpy(copy, from, bytes);
    return copy;
}

}  // namespace

PGMIND_FUNCTION(ruvector_from_vector) {
    const Vector* from = checked_layout(vector_argument(fcinfo, 0));
    Vector* result = copy_with_typmod(from, PG_GETARG_INT32(1));
    check_finite(result);
    PG_RETURN_POINTER(result);
}

PGMIND_FUNCTION(ruvector_to_vector) {
    const Vector* from = vector_argument(fcinfo, 0);
    PG_RETURN_POINTER(copy_with_typmod(from, PG_GETARG_INT32(1)));
}

}  // namespace pgmind
