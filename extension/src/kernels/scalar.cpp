// Portable C++: the fallback on any processor. Eight lanes, so that compilers may use whatever
// vector instructions the target's baseline has.

#include "kernels/kernels.hpp"

namespace pgmind {
namespace {

constexpr std::size_t lane_count = 8;

float add_lanes(const float* lanes) {
    return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) +
           ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
}

float l2_squared(const float* a, const float* b, std::size_t n) {
    float lanes[lane_count] = {};
    std::size_t i = 0;
    for (; i + lane_count <= n; i += lane_count) {
        for (std::size_t lane = 0; lane < lane_count; ++lane) {
            const float difference = a[i + lane] - b[i + lane];
            lanes[lane] += difference * difference;
        }
    }
    for (std::size_t lane = 0; i < n; ++i, ++lane) {
        const float difference = a[i] - b[i];
        lanes[lane] += difference * difference;
    }
    return add_lanes(lanes);
}

float inner_product(const float* a, const float* b, std::size_t n) {
    float lanes[lane_count] = {};
    std::size_t i = 0;
    for (; i + lane_count <= n; i += lane_count) {
        for (std::size_t lane = 0; lane < lane_count; ++lane) {
            lanes[lane] += a[i + lane] * b[i + lane];
        }
    }
    for (std::size_t lane = 0; i < n; ++i, ++lane) {
        lanes[lane] += a[i] * b[i];
    }
    return add_lanes(lanes);
}

CosineSums cosine_sums(const float* a, const float* b, std::size_t n) {
    return {inner_product(a, b, n), inner_product(a, a, n), inner_product(b, b, n)};
}

}  // namespace

const Kernels scalar_kernels = {"scalar", l2_squared, inner_product, cosine_sums};

}  // namespace pgmind
