// The n of ruvector(n).

#include "vector.hpp"

namespace pgmind {

PGMIND_FUNCTION(ruvector_typmod_in) {
    ArrayType* modifiers = PG_GETARG_ARRAYTYPE_P(0);
    int count = 0;
    const int32* values = ArrayGetIntegerTypmods(modifiers, &count);
    if (count != 1) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("type ruvector takes 1 modifier, the dimensions, not %d", count)));
    }
    if (values[0] < 1 || values[0] > dimensions_max) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("dimensions of type ruvector must be between 1 and %d, not %d",
                               dimensions_max, values[0])));
    }
    PG_RETURN_INT32(values[0]);
}

// ruvector(ruvector, typmod, is_explicit): the length coercion, which only checks.
PGMIND_FUNCTION(ruvector_enforce_typmod) {
    const Vector* vector = vector_argument(fcinfo, 0);
    matches_typmod(vector->dimensions, PG_GETARG_INT32(1), nullptr);
    PG_RETURN_POINTER(vector);
}

}  // namespace pgmind
