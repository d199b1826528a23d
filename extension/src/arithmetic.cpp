// Element-wise + and -.

#include "vector.hpp"

namespace pgmind {

PGMIND_FUNCTION(ruvector_add) {
    const Vector* a = vector_argument(fcinfo, 0);
    const Vector* b = vector_argument(fcinfo, 1);
    check_same_dimensions(a, b);
    Vector* result = new_vector(a->dimensions);
    for (int i = 0; i < a->dimensions; ++i) {
        result->values()[i] = a->values()[i] + b->values()[i];
    }
    check_no_overflow(result);
    PG_RETURN_POINTER(result);
}

PGMIND_FUNCTION(ruvector_subtract) {
    const Vector* a = vector_argument(fcinfo, 0);
    const Vector* b = vector_argument(fcinfo, 1);
    check_same_dimensions(a, b);
    Vector* result = new_vector(a->dimensions);
    for (int i = 0; i < a->dimensions; ++i) {
        result->values()[i] = a->values()[i] - b->values()[i];
    }
    check_no_overflow(result);
    PG_RETURN_POINTER(result);
}

}  // namespace pgmind
