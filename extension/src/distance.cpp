// The distance functions behind <->, <=> and <#>, and the norm.
//
// Kernels sum in float. A sum that left float's range, or is so small that lost subnormals could
// show, is computed again in double: [1e30] <-> [-1e30] is 2e30 and not Infinity.

#include "kernels/reference.hpp"
#include "simd.hpp"
#include "vector.hpp"

namespace pgmind {
namespace {

// Every term loses at most 2^-150 to underflow; 16,000 of them stay below a rounding error of
// float in any sum above this.
constexpr float exact_sum_min = 1e-30F;

bool is_trusted(float sum) {
    return std::isfinite(sum) && std::fabs(sum) >= exact_sum_min;
}

struct Pair {
    const float* a;
    const float* b;
    std::size_t n;
};

Pair vector_pair(FunctionCallInfo fcinfo) {
    const Vector* a = vector_argument(fcinfo, 0);
    const Vector* b = vector_argument(fcinfo, 1);
    check_same_dimensions(a, b);
    return {a->values(), b->values(), static_cast<std::size_t>(a->dimensions)};
}

double l2_squared(const Pair& pair) {
    const float sum = active_kernels->l2_squared(pair.a, pair.b, pair.n);
    return is_trusted(sum) ? static_cast<double>(sum)
                           : reference::l2_squared(pair.a, pair.b, pair.n);
}

double inner_product(const Pair& pair) {
    const float sum = active_kernels->inner_product(pair.a, pair.b, pair.n);
    return is_trusted(sum) ? static_cast<double>(sum)
                           : reference::inner_product(pair.a, pair.b, pair.n);
}

// NaN where a vector is zero: it has no direction, and NaN sorts behind every distance.
double cosine_similarity(const Pair& pair) {
    const CosineSums sums = active_kernels->cosine_sums(pair.a, pair.b, pair.n);
    double product = static_cast<double>(sums.product);
    double norm_a = static_cast<double>(sums.norm_a);
    double norm_b = static_cast<double>(sums.norm_b);
    if (!is_trusted(sums.norm_a) || !is_trusted(sums.norm_b) || !std::isfinite(sums.product)) {
        product = reference::inner_product(pair.a, pair.b, pair.n);
        norm_a = reference::inner_product(pair.a, pair.a, pair.n);
        norm_b = reference::inner_product(pair.b, pair.b, pair.n);
    }
    if (norm_a == 0 || norm_b == 0) {
        return get_float8_nan();
    }
    // Squares of 16,000 floats stay within 1e-90 to 1e82, their product well within double; one
    // square root of it makes the distance of a vector to itself exactly 0.
    const double similarity = product / std::sqrt(norm_a * norm_b);
    return similarity > 1 ? 1 : similarity < -1 ? -1 : similarity;
}

}  // namespace

PGMIND_FUNCTION(ruvector_l2_distance) {
    PG_RETURN_FLOAT8(std::sqrt(l2_squared(vector_pair(fcinfo))));
}

PGMIND_FUNCTION(ruvector_inner_product) {
    PG_RETURN_FLOAT8(inner_product(vector_pair(fcinfo)));
}

PGMIND_FUNCTION(ruvector_negative_inner_product) {
    // Not the unary minus, which makes -0 of 0.
    PG_RETURN_FLOAT8(0.0 - inner_product(vector_pair(fcinfo)));
}

PGMIND_FUNCTION(ruvector_cosine_distance) {
    PG_RETURN_FLOAT8(1.0 - cosine_similarity(vector_pair(fcinfo)));
}

PGMIND_FUNCTION(ruvector_norm) {
    const Vector* vector = vector_argument(fcinfo, 0);
    const Pair pair{vector->values(), vector->values(),
                    static_cast<std::size_t>(vector->dimensions)};
    PG_RETURN_FLOAT8(std::sqrt(inner_product(pair)));
}

// Reads the first bytes only: a vector out of line is not fetched for its header.
PGMIND_FUNCTION(ruvector_dims) {
    constexpr int header_payload_bytes = sizeof(Vector) - VARHDRSZ;
    const auto* head = reinterpret_cast<const Vector*>(
        PG_DETOAST_DATUM_SLICE(PG_GETARG_DATUM(0), 0, header_payload_bytes));
    PG_RETURN_INT32(head->dimensions);
}

}  // namespace pgmind
