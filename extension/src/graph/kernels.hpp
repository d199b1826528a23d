#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/kernels.hpp"

// The inner loops of the index, one implementation per instruction set, chosen at run time. All of
// them give bitwise the same results: integer sums are exact, and floats are added, subtracted and
// multiplied one by one in one order.
//
// As in src/kernels: no file compiled for one instruction set includes inline functions.
namespace pgmind::graph {

// The most bits that a code has, and the step it grows by.
inline constexpr std::size_t code_bits_max = 1024;
inline constexpr std::size_t word_bits = 64;

struct Kernels {
    const char* name;

    // Negates values[i] where bit i % 64 of signs[i / 64] is set. `n` is a multiple of 16.
    void (*flip_signs)(float* values, std::size_t n, const std::uint64_t* signs);

    // The Hadamard transform in place, then every value times `scale`. `n` is a power of two, at
    // least 128.
    void (*hadamard)(float* values, std::size_t n, float scale);

    // (a, b) becomes ((a + b), (a - b)) / sqrt(2) for a = values[i], b = values[i + half]. `half`
    // is a multiple of 8.
    void (*mix_halves)(float* values, std::size_t half);

    // The largest |query[i] - parent[i]|. `n` is a multiple of 16.
    float (*largest_difference)(const float* query, const float* parent, std::size_t n);

    // out[i] = (query[i] - parent[i]) * scale, rounded to the nearest (ties to even) into
    // [-127, 127]: the caller has chosen the scale so. Returns the sum of out. `n` is a multiple of
    // 16.
    std::int32_t (*round_differences)(const float* query, const float* parent, std::size_t n,
                                      float scale, std::int8_t* out);

    // Sets bit i % 64 of words[i / 64] where child[i] - parent[i] > bound, and clears the others up
    // to the end of the last word. `n` is a multiple of 16.
    void (*mark_above)(const float* parent, const float* child, std::size_t n, float bound,
                       std::uint64_t* words);

    // The sum of (child[i] - parent[i])^2: sixteen partial sums, added by halves. `n` is a multiple
    // of 16.
    float (*sum_squares)(const float* parent, const float* child, std::size_t n);

    // The sum of |child[i] - parent[i]|, thrice where that is above `outer`; added likewise. `n` is
    // a multiple of 16.
    float (*sum_levels)(const float* parent, const float* child, std::size_t n, float outer);

    // sums[row] = the sum of the values whose bit in codes[row] is set. Bit 8b + j of the code's
    // little-endian word w stands for values[64w + 8j + b]. `words` is at most 16; `values` is
    // aligned to 64 bytes, `codes` need not be.
    void (*sum_selected)(const std::int8_t* values, const std::uint8_t* codes, std::size_t words,
                         std::size_t rows, std::int32_t* sums);

    // The number of bits that differ between `code` and each row.
    void (*count_differing)(const std::uint8_t* code, const std::uint8_t* codes, std::size_t words,
                            std::size_t rows, std::uint32_t* counts);
};

// The kernels of `set`, or null where this processor (or this build) lacks it; `automatic` (the
// best) and `scalar` always exist. For want of others sse2 means scalar.
const Kernels* find_graph_kernels(InstructionSet set);

// What the algorithms use: the best, until the process chooses another. Not synchronised: to be
// called when no other thread runs an algorithm, with a set that find_graph_kernels has.
const Kernels& active_kernels();
void use_kernels(InstructionSet set);

// One per file of this directory; null where the build lacks it.
extern const Kernels scalar_kernels;
const Kernels* avx2_kernels();
const Kernels* avx512_kernels();

}  // namespace pgmind::graph
