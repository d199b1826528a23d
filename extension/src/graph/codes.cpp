#include "graph/codes.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace pgmind::graph {
namespace {

constexpr std::size_t two_planes_dims_max = 320;
// Values fit a signed byte, doubled ones too.
constexpr float value_most = 127;
constexpr float value_most_of_two_planes = 63;
// Below this the reciprocal of a difference overflows.
constexpr float difference_least = 1e-30F;
// Where the best quantiser of normal values to four evenly spaced levels has its outer bounds.
constexpr double outer_bound = 0.9957;

std::size_t whole_words(std::size_t dims) {
    return (dims + word_bits - 1) / word_bits;
}

constexpr std::size_t lane_count = 8;

float add_lanes(const float* lanes) {
    return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) +
           ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
}

// <parent, child - parent>
float parent_product(const float* parent, const float* child, std::size_t dims) {
    float lanes[lane_count] = {};
    for (std::size_t i = 0; i < dims; i += lane_count) {
        for (std::size_t lane = 0; lane < lane_count; ++lane) {
            lanes[lane] += (child[i + lane] - parent[i + lane]) * parent[i + lane];
        }
    }
    return add_lanes(lanes);
}

// From natural order to that of kernels.hpp: exchanges bits 8j + b and 8b + j.
std::uint64_t transposed(std::uint64_t word) {
    std::uint64_t differing = (word ^ (word >> 7)) & 0x00AA00AA00AA00AAU;
    word ^= differing ^ (differing << 7);
    differing = (word ^ (word >> 14)) & 0x0000CCCC0000CCCCU;
    word ^= differing ^ (differing << 14);
    differing = (word ^ (word >> 28)) & 0x00000000F0F0F0F0U;
    return word ^ differing ^ (differing << 28);
}

void store_word(std::uint8_t* code, std::size_t place, std::uint64_t word) {
    std::uint64_t value = transposed(word);
    if constexpr (std::endian::native == std::endian::big) {
        value = __builtin_bswap64(value);
    }
    std::memcpy(code + place * sizeof value, &value, sizeof value);
}

// The first plane holds the signs. With two, s is 4 * first + 2 * second - 3.
void write_code(const float* parent, const float* child, const CodeForm& form, float outer,
                std::uint8_t* code) {
    constexpr std::size_t words_max = code_bits_max / word_bits;
    const Kernels& kernels = active_kernels();
    std::uint64_t positive[words_max] = {};
    std::uint64_t beyond[words_max] = {};
    std::uint64_t above_least[words_max] = {};
    kernels.mark_above(parent, child, form.dims, 0, positive);
    if (form.planes == 2) {
        kernels.mark_above(parent, child, form.dims, outer, beyond);
        kernels.mark_above(parent, child, form.dims, -outer, above_least);
    }
    for (std::size_t word = 0; word < form.plane_words; ++word) {
        store_word(code, word, positive[word]);
        if (form.planes == 2) {
            store_word(code, form.plane_words + word,
                       beyond[word] | (above_least[word] & ~positive[word]));
        }
    }
}

}  // namespace

CodeForm code_form(std::size_t dims, std::size_t code_bits) {
    const std::size_t words = code_bits / word_bits;
    const std::size_t planes = words >= 2 * whole_words(dims) ? 2 : 1;
    return {planes, words / planes, std::min(dims, code_bits / planes)};
}

std::size_t code_bits(std::size_t dims, std::size_t degree, std::size_t bytes) {
    constexpr std::size_t other_bytes = sizeof(NodeId) + 2 * sizeof(float);
    const std::size_t plane = whole_words(dims) * word_bits;
    const std::size_t wanted =
        std::min(code_bits_max, dims <= two_planes_dims_max ? 2 * plane : plane);
    if (degree == 0 || bytes / degree <= other_bytes) {
        return 0;
    }
    const std::size_t fitting = (bytes / degree - other_bytes) * 8 / word_bits * word_bits;
    // What is between one plane and two helps nobody.
    return fitting < wanted ? std::min(fitting, plane) : wanted;
}

EdgeFactors encode_edge(Metric metric, const float* parent, const float* child, std::size_t dims,
                        std::size_t code_bits, std::uint8_t* code) {
    const CodeForm form = code_form(dims, code_bits);
    const Kernels& kernels = active_kernels();
    const float squares = kernels.sum_squares(parent, child, dims);
    const double deviation = std::sqrt(static_cast<double>(squares) / static_cast<double>(dims));
    const float outer = form.planes == 2 ? static_cast<float>(outer_bound * deviation)
                                         : std::numeric_limits<float>::infinity();
    write_code(parent, child, form, outer, code);
    // <r, s>, where |s| is three beyond the outer bound and one below.
    const float along = kernels.sum_levels(parent, child, form.dims, outer);
    // An edge between equal vectors has no direction.
    const float stretch = along > 0 && std::isfinite(squares / along) ? squares / along : 0;
    if (metric == Metric::inner_product) {
        return {-parent_product(parent, child, dims), stretch};
    }
    return {squares, 2 * stretch};
}

EdgeFactors pinned(EdgeFactors factors) {
    return {factors.f1, -std::fabs(factors.f2)};
}

bool is_pinned(float f2) {
    return std::signbit(f2);
}

void prepare_query(const float* query, const float* parent, std::size_t dims, std::size_t code_bits,
                   QueryCode* out) {
    const Kernels& kernels = active_kernels();
    const CodeForm form = code_form(dims, code_bits);
    const std::size_t plane = form.plane_words * word_bits;
    const float most = form.planes == 2 ? value_most_of_two_planes : value_most;
    const float largest = kernels.largest_difference(query, parent, form.dims);
    out->words = code_bits / word_bits;
    out->total = 0;
    out->scale = 0;
    if (!(largest >= difference_least) || !std::isfinite(largest)) {
        std::memset(out->values, 0, code_bits);
        return;
    }
    std::int8_t* const last = out->values + (form.planes - 1) * plane;
    std::memset(last + form.dims, 0, plane - form.dims);
    const std::int32_t sum =
        kernels.round_differences(query, parent, form.dims, most / largest, last);
    out->scale = largest / most;
    // Signs are twice the bit less one; levels of two planes twice (twice the first bit and the
    // second) less three.
    out->total = form.planes == 2 ? 3 * sum : sum;
    if (form.planes == 2) {
        for (std::size_t i = 0; i < plane; ++i) {
            out->values[i] = static_cast<std::int8_t>(2 * last[i]);
        }
    }
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
            const float product = static_cast<float>(2 * sums[row] - query.total) * query.scale;
            const std::size_t at = start + row;
            out[at] =
                std::max(least, parent_distance + edges.f1[at] - std::fabs(edges.f2[at]) * product);
        }
    }
}

}  // namespace pgmind::graph
