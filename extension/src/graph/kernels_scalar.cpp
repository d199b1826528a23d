// Portable C++: the fallback, and what the others are tested against. Compiled without contraction
// to fused multiply-add (build.mk).

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "graph/kernels.hpp"

namespace pgmind::graph {
namespace {

constexpr float half_root = 0.70710678118654752F;
constexpr std::size_t word_bytes = 8;

void flip_signs(float* values, std::size_t n, const std::uint64_t* signs) {
    for (std::size_t i = 0; i < n; ++i) {
        const auto sign = static_cast<std::uint32_t>((signs[i / 64] >> (i % 64)) & 1U) << 31;
        values[i] = std::bit_cast<float>(std::bit_cast<std::uint32_t>(values[i]) ^ sign);
    }
}

void hadamard(float* values, std::size_t n, float scale) {
    for (std::size_t step = 1; step < n; step *= 2) {
        for (std::size_t block = 0; block < n; block += 2 * step) {
            float* const a = values + block;
            float* const b = a + step;
            for (std::size_t i = 0; i < step; ++i) {
                const float sum = a[i] + b[i];
                b[i] = a[i] - b[i];
                a[i] = sum;
            }
        }
    }
    for (std::size_t i = 0; i < n; ++i) {
        values[i] *= scale;
    }
}

void mix_halves(float* values, std::size_t half) {
    float* const other = values + half;
    for (std::size_t i = 0; i < half; ++i) {
        const float sum = values[i] + other[i];
        const float difference = values[i] - other[i];
        values[i] = sum * half_root;
        other[i] = difference * half_root;
    }
}

float largest_difference(const float* query, const float* parent, std::size_t n) {
    float largest = 0;
    for (std::size_t i = 0; i < n; ++i) {
        largest = std::max(largest, std::fabs(query[i] - parent[i]));
    }
    return largest;
}

std::int32_t round_differences(const float* query, const float* parent, std::size_t n, float scale,
                               std::int8_t* out) {
    std::int32_t total = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const auto value = static_cast<std::int32_t>(std::lrint((query[i] - parent[i]) * scale));
        out[i] = static_cast<std::int8_t>(value);
        total += value;
    }
    return total;
}

void mark_above(const float* parent, const float* child, std::size_t n, float bound,
                std::uint64_t* words) {
    for (std::size_t start = 0; start < n; start += word_bits) {
        const std::size_t count = std::min(word_bits, n - start);
        std::uint64_t word = 0;
        for (std::size_t i = 0; i < count; ++i) {
            const bool is_above = child[start + i] - parent[start + i] > bound;
            word |= static_cast<std::uint64_t>(is_above) << i;
        }
        words[start / word_bits] = word;
    }
}

constexpr std::size_t lane_count = 16;

float add_lanes(float* lanes) {
    for (std::size_t half = lane_count / 2; half > 0; half /= 2) {
        for (std::size_t lane = 0; lane < half; ++lane) {
            lanes[lane] += lanes[lane + half];
        }
    }
    return lanes[0];
}

float sum_squares(const float* parent, const float* child, std::size_t n) {
    float lanes[lane_count] = {};
    for (std::size_t i = 0; i < n; i += lane_count) {
        for (std::size_t lane = 0; lane < lane_count; ++lane) {
            const float difference = child[i + lane] - parent[i + lane];
            lanes[lane] += difference * difference;
        }
    }
    return add_lanes(lanes);
}

float sum_levels(const float* parent, const float* child, std::size_t n, float outer) {
    float lanes[lane_count] = {};
    for (std::size_t i = 0; i < n; i += lane_count) {
        for (std::size_t lane = 0; lane < lane_count; ++lane) {
            const float size = std::fabs(child[i + lane] - parent[i + lane]);
            lanes[lane] += size > outer ? size * 3.0F : size;
        }
    }
    return add_lanes(lanes);
}

std::uint64_t load_word(const std::uint8_t* code, std::size_t word) {
    std::uint64_t value = 0;
    std::memcpy(&value, code + word * word_bytes, word_bytes);
    if constexpr (std::endian::native == std::endian::big) {
        value = __builtin_bswap64(value);
    }
    return value;
}

std::int32_t sum_of_word(const std::int8_t* values, std::uint64_t word) {
    std::int32_t sum = 0;
    for (unsigned j = 0; j < 8; ++j) {
        for (unsigned b = 0; b < 8; ++b) {
            const auto is_set = static_cast<std::int32_t>((word >> (8 * b + j)) & 1U);
            sum += is_set * values[8 * j + b];
        }
    }
    return sum;
}

void sum_selected(const std::int8_t* values, const std::uint8_t* codes, std::size_t words,
                  std::size_t rows, std::int32_t* sums) {
    for (std::size_t row = 0; row < rows; ++row) {
        const std::uint8_t* const code = codes + row * words * word_bytes;
        std::int32_t sum = 0;
        for (std::size_t word = 0; word < words; ++word) {
            sum += sum_of_word(values + word * word_bits, load_word(code, word));
        }
        sums[row] = sum;
    }
}

void count_differing(const std::uint8_t* code, const std::uint8_t* codes, std::size_t words,
                     std::size_t rows, std::uint32_t* counts) {
    for (std::size_t row = 0; row < rows; ++row) {
        const std::uint8_t* const other = codes + row * words * word_bytes;
        int count = 0;
        for (std::size_t word = 0; word < words; ++word) {
            count += std::popcount(load_word(code, word) ^ load_word(other, word));
        }
        counts[row] = static_cast<std::uint32_t>(count);
    }
}

}  // namespace

const Kernels scalar_kernels = {"scalar",           flip_signs,        hadamard,       mix_halves,
                                largest_difference, round_differences, mark_above,     sum_squares,
                                sum_levels,         sum_selected,      count_differing};

}  // namespace pgmind::graph
