#include "vector.hpp"

namespace pgmind {

Vector* new_vector(int dimensions) {
    const std::size_t bytes = vector_bytes(dimensions);
    auto* vector = static_cast<Vector*>(palloc0(bytes));
    SET_VARSIZE(vector, bytes);
    vector->dimensions = static_cast<int16>(dimensions);
    return vector;
}

void check_dimensions(int64 dimensions) {
    if (dimensions < 1) {
        ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION),
                        errmsg("ruvector must have at least 1 dimension, not %lld",
                               static_cast<long long>(dimensions))));
    }
    if (dimensions > dimensions_max) {
        ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                        errmsg("ruvector cannot have more than %d dimensions, not %lld",
                               dimensions_max, static_cast<long long>(dimensions))));
    }
}

void check_same_dimensions(const Vector* a, const Vector* b) {
    if (a->dimensions != b->dimensions) {
        ereport(ERROR,
                (errcode(ERRCODE_DATA_EXCEPTION),
                 errmsg("different ruvector dimensions %d and %d", a->dimensions, b->dimensions)));
    }
}

void check_finite(const Vector* vector) {
    for (int i = 0; i < vector->dimensions; ++i) {
        const float value = vector->values()[i];
        if (!std::isfinite(value)) {
            ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION),
                            errmsg("%s is not allowed in ruvector (element %d)",
                                   std::isnan(value) ? "NaN" : "infinity", i + 1)));
        }
    }
}

void check_no_overflow(const Vector* vector) {
    for (int i = 0; i < vector->dimensions; ++i) {
        if (!std::isfinite(vector->values()[i])) {
            ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
                            errmsg("value out of range: overflow (element %d)", i + 1)));
        }
    }
}

bool matches_typmod(int dimensions, int32 typmod, Node* escontext) {
    if (typmod == -1 || typmod == dimensions) {
        return true;
    }
    ereturn(escontext, false,
            (errcode(ERRCODE_DATA_EXCEPTION),
             errmsg("expected %d dimensions, not %d", typmod, dimensions)));
    return false;
}

}  // namespace pgmind
