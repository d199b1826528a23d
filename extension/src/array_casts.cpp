// Casts from arrays of numbers, and to real[].

#include "vector.hpp"

namespace pgmind {
namespace {

// The argument's elements, without NULLs and in one dimension: what a vector can be made of.
std::span<const Datum> vector_elements(FunctionCallInfo fcinfo) {
    ArrayType* array = PG_GETARG_ARRAYTYPE_P(0);
    const int32 typmod = PG_GETARG_INT32(1);
    if (ARR_NDIM(array) > 1) {
        ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION),
                        errmsg("ruvector needs an array of 1 dimension, not %d", ARR_NDIM(array))));
    }
    if (ARR_HASNULL(array) && array_contains_nulls(array)) {
        ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
                        errmsg("ruvector cannot hold NULL elements")));
    }
    const Oid type = ARR_ELEMTYPE(array);
    int16 length = 0;
    bool by_value = false;
    char alignment = 0;
    get_typlenbyvalalign(type, &length, &by_value, &alignment);
    Datum* elements = nullptr;
    int count = 0;
    deconstruct_array(array, type, length, by_value, alignment, &elements, nullptr, &count);
    check_dimensions(count);
    matches_typmod(count, typmod, nullptr);
    return {elements, static_cast<std::size_t>(count)};
}

// A finite number that no float can hold is an overflow; NaN and infinity are not allowed at all.
float narrow(double value, std::size_t index) {
    const auto narrowed = static_cast<float>(value);
    if (std::isinf(narrowed) && std::isfinite(value)) {
        ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
                        errmsg("element %zu is out of range for type ruvector", index + 1)));
    }
    return narrowed;
}

Datum vector_from_array(FunctionCallInfo fcinfo, double (*to_double)(Datum)) {
    const std::span<const Datum> elements = vector_elements(fcinfo);
    Vector* result = new_vector(static_cast<int>(elements.size()));
    for (std::size_t i = 0; i < elements.size(); ++i) {
        result->values()[i] = narrow(to_double(elements[i]), i);
    }
    check_finite(result);
    PG_RETURN_POINTER(result);
}

}  // namespace

PGMIND_FUNCTION(ruvector_from_int4_array) {
    return vector_from_array(
        fcinfo, [](Datum element) { return static_cast<double>(DatumGetInt32(element)); });
}

PGMIND_FUNCTION(ruvector_from_float4_array) {
    return vector_from_array(
        fcinfo, [](Datum element) { return static_cast<double>(DatumGetFloat4(element)); });
}

PGMIND_FUNCTION(ruvector_from_float8_array) {
    return vector_from_array(fcinfo, [](Datum element) { return DatumGetFloat8(element); });
}

// ARRAY[0.1, 0.2] is an array of numeric. By way of double, whose range holds every numeric that
// a float can hold; what even double cannot hold is raised by the conversion.
PGMIND_FUNCTION(ruvector_from_numeric_array) {
    return vector_from_array(fcinfo, [](Datum element) {
        return DatumGetFloat8(DirectFunctionCall1(numeric_float8, element));
    });
}

PGMIND_FUNCTION(ruvector_to_float4_array) {
    const Vector* vector = vector_argument(fcinfo, 0);
    const int count = vector->dimensions;
    auto* elements = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<std::size_t>(count)));
    for (int i = 0; i < count; ++i) {
        elements[i] = Float4GetDatum(vector->values()[i]);
    }
    PG_RETURN_ARRAYTYPE_P(
        construct_array(elements, count, FLOAT4OID, sizeof(float4), true, TYPALIGN_INT));
}

}  // namespace pgmind
