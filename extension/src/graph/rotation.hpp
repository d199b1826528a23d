#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/kernels.hpp"

// A random orthonormal rotation in O(n log n): it spreads every vector evenly over all dimensions,
// which is what makes one sign a dimension a good code (codes.hpp).
//
// Two rounds of: random signs and a Hadamard transform of the first dimensions, as many as the
// largest power of two that fits; the same of the last; one butterfly between the halves. (A power
// of two itself takes three transforms and no butterfly.) Only additions, subtractions and
// multiplications by constants in a fixed order, never fused: the result is bitwise the same on
// every processor, as an index may move between processors.
namespace pgmind::graph {

// The dimensions of a rotated vector: a multiple of 16, at least 128 (few dimensions get more than
// one sign each), else at most 15 more than `dims`.
std::size_t rotated_dims(std::size_t dims);

// Writes rotated_dims(dims) floats. Lengths and inner products stay, up to rounding. `in` and `out`
// must not overlap.
void rotate(std::uint64_t seed, const float* in, std::size_t dims, float* out);

}  // namespace pgmind::graph
