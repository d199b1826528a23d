#include "graph/codes.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace pgmind::graph {
namespace {

constexpr float value_most = 127;
// Below this the reciprocal of a difference overflows.
constexpr float difference_least = 1e-30F;

// The sums over an edge, for r = child - parent.
struct EdgeSums {
    float squares = 0;         // |r|^2, over all dimensions
    float absolutes = 0;       // sum |r_i|, over the dimensions of the code
    float parent_product = 0;  // <parent, r>, over all dimensions
};

constexpr std::size_t lane_count = 8;

float add_lanes(const float* lanes) {
    return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) +
           ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
}

EdgeSums sum_edge(const float* parent, const float* child, std::size_t dims, std::size_t coded) {
    float squares[lane_count] = {};
    float absolutes[lane_count] = {};
    float products[lane_count] = {};
    for (std::size_t i = 0; i < coded; i += lane_count) {
        for (std::size_t lane = 0; lane < lane_count; ++lane) {
            absolutes[lane] += std::fabs(child[i + lane] - parent[i + lane]);
        }
    }
    for (std::size_t i = 0; i < dims; i += lane_count) {
        for (std::size_t lane = 0; lane < lane_count; ++lane) {
            const float difference = child[i + lane] - parent[i + lane];
            squares[lane] += difference * difference;
            products[lane] += difference * parent[i + lane];
        }
    }
    return {add_lanes(squares), add_lanes(absolutes), add_lanes(products)};
}

// The signs of 64 differences in the order of kernels.hpp: bit 8b + j is dimension 8j + b.
std::uint64_t sign_word(const float* parent, const float* child, std::size_t count) {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint64_t is_positive = child[i] > parent[i] ? 1 : 0;
        word |= is_positive << (8 * (i % 8) + i / 8);
    }
    return word;
}

void write_signs(const float* parent, const float* child, std::size_t dims, std::size_t code_dims,
                 std::uint8_t* code) {
    for (std::size_t i = 0; i < code_dims; i += code_dims_step) {
        const std::size_t count = i < dims ? std::min(code_dims_step, dims - i) : 0;
        std::uint64_t word = sign_word(parent + i, child + i, count);
        if constexpr (std::endian::native == std::endian::big) {
            word = __builtin_bswap64(word);
        }
        std::memcpy(code + i / 8, &word, sizeof word);
    }
}

}  // namespace

std::size_t code_dims(std::size_t dims, std::size_t degree, std::size_t bytes) {
    constexpr std::size_t other_bytes = sizeof(NodeId) + 2 * sizeof(float);
    const std::size_t whole = (dims + code_dims_step - 1) / code_dims_step * code_dims_step;
    const std::size_t wanted = std::min(code_dims_max, whole);
    if (degree == 0 || bytes / degree <= other_bytes) {
        return 0;
    }
    const std::size_t fitting = (bytes / degree - other_bytes) * 8;
    return std::min(wanted, fitting / code_dims_step * code_dims_step);
}

EdgeFactors encode_edge(Metric metric, const float* parent, const float* child, std::size_t dims,
                        std::size_t code_dims, std::uint8_t* code) {
    write_signs(parent, child, dims, code_dims, code);
    const EdgeSums sums = sum_edge(parent, child, dims, std::min(dims, code_dims));
    // An edge between equal vectors has no direction.
    const float stretch = sums.absolutes > 0 ? sums.squares / sums.absolutes : 0;
    const bool is_finite = std::isfinite(stretch);
    if (metric == Metric::inner_product) {
        return {-sums.parent_product, is_finite ? -stretch : 0};
    }
    return {sums.squares, is_finite ? -2 * stretch : 0};
}

void prepare_query(const float* query, const float* parent, std::size_t dims, std::size_t code_dims,
                   QueryCode* out) {
    const Kernels& kernels = active_kernels();
    const std::size_t coded = std::min(dims, code_dims);
    const float largest = kernels.largest_difference(query, parent, coded);
    out->words = code_dims / code_dims_step;
    if (!(largest >= difference_least) || !std::isfinite(largest)) {
        std::memset(out->values, 0, code_dims);
        out->total = 0;
        out->scale = 0;
        return;
    }
    std::memset(out->values + coded, 0, code_dims - coded);
    out->total = kernels.round_differences(query, parent, coded, value_most / largest, out->values);
    out->scale = largest / value_most;
}

void estimate(Metric metric, const QueryCode& query, float parent_distance, const EdgeList& edges,
              float* out) {
    constexpr std::size_t block_rows = 64;
    const float least =
        metric == Metric::inner_product ? -std::numeric_limits<float>::infinity() : 0.0F;
    const std::size_t row_bytes = query.words * sizeof(std::uint64_t);
    std::int32_t sums[block_rows];
    for (std::size_t start = 0; start < edges.count; start += block_rows) {
        const std::size_t rows = std::min(block_rows, edges.count - start);
        active_kernels().sum_selected(query.values, edges.codes + start * row_bytes, query.words,
                                      rows, sums);
        for (std::size_t row = 0; row < rows; ++row) {
            // Set bits count +1 and the others -1.
            const float product = static_cast<float>(2 * sums[row] - query.total) * query.scale;
            const std::size_t at = start + row;
            out[at] = std::max(least, parent_distance + edges.f1[at] + edges.f2[at] * product);
        }
    }
}

}  // namespace pgmind::graph
