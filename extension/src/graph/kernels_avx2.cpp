// AVX2 with POPCNT: any x86-64 processor since 2013.

#include "graph/kernels.hpp"

#if defined(__AVX2__) && defined(__POPCNT__)

#include <immintrin.h>

namespace pgmind::graph {
namespace {

constexpr float half_root = 0.70710678118654752F;
constexpr std::size_t width = 8;
constexpr std::size_t word_bytes = 8;
// For _mm256_blend_ps: the lanes that hold the second of each pair.
constexpr int odd_ones = 0xAA;
constexpr int odd_twos = 0xCC;
constexpr int odd_fours = 0xF0;

void flip_signs(float* values, std::size_t n, const std::uint64_t* signs) {
    const __m256i lane_bits = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    const __m256i sign = _mm256_set1_epi32(static_cast<int>(0x80000000U));
    for (std::size_t i = 0; i < n; i += width) {
        const auto bits = static_cast<int>((signs[i / 64] >> (i % 64)) & 0xFF);
        const __m256i chosen = _mm256_and_si256(_mm256_set1_epi32(bits), lane_bits);
        const __m256i flip = _mm256_and_si256(_mm256_cmpeq_epi32(chosen, lane_bits), sign);
        const __m256 value = _mm256_loadu_ps(values + i);
        _mm256_storeu_ps(values + i, _mm256_xor_ps(value, _mm256_castsi256_ps(flip)));
    }
}

__m256 hadamard_of_8(__m256 value) {
    __m256 swapped = _mm256_permute_ps(value, 0xB1);
    value = _mm256_blend_ps(_mm256_add_ps(value, swapped), _mm256_sub_ps(swapped, value), odd_ones);
    swapped = _mm256_permute_ps(value, 0x4E);
    value = _mm256_blend_ps(_mm256_add_ps(value, swapped), _mm256_sub_ps(swapped, value), odd_twos);
    swapped = _mm256_permute2f128_ps(value, value, 0x01);
    return _mm256_blend_ps(_mm256_add_ps(value, swapped), _mm256_sub_ps(swapped, value), odd_fours);
}

struct Four {
    __m256 value[4];
};

// The steps `step` and 2 * `step` of four registers that lie `step` floats apart.
Four two_steps(const Four& in) {
    const __m256 a = _mm256_add_ps(in.value[0], in.value[1]);
    const __m256 b = _mm256_sub_ps(in.value[0], in.value[1]);
    const __m256 c = _mm256_add_ps(in.value[2], in.value[3]);
    const __m256 d = _mm256_sub_ps(in.value[2], in.value[3]);
    return {{_mm256_add_ps(a, c), _mm256_add_ps(b, d), _mm256_sub_ps(a, c), _mm256_sub_ps(b, d)}};
}

Four load_four(const float* at, std::size_t step) {
    return {{_mm256_loadu_ps(at), _mm256_loadu_ps(at + step), _mm256_loadu_ps(at + 2 * step),
             _mm256_loadu_ps(at + 3 * step)}};
}

void store_four(float* at, std::size_t step, const Four& in) {
    for (std::size_t i = 0; i < 4; ++i) {
        _mm256_storeu_ps(at + i * step, in.value[i]);
    }
}

void hadamard(float* values, std::size_t n, float scale) {
    for (std::size_t i = 0; i < n; i += 4 * width) {
        Four four = load_four(values + i, width);
        for (__m256& value : four.value) {
            value = hadamard_of_8(value);
        }
        store_four(values + i, width, two_steps(four));
    }
    std::size_t step = 4 * width;
    for (; step * 2 < n; step *= 4) {
        for (std::size_t block = 0; block < n; block += 4 * step) {
            for (std::size_t i = block; i < block + step; i += width) {
                store_four(values + i, step, two_steps(load_four(values + i, step)));
            }
        }
    }
    if (step < n) {
        for (std::size_t i = 0; i < step; i += width) {
            const __m256 a = _mm256_loadu_ps(values + i);
            const __m256 b = _mm256_loadu_ps(values + i + step);
            _mm256_storeu_ps(values + i, _mm256_add_ps(a, b));
            _mm256_storeu_ps(values + i + step, _mm256_sub_ps(a, b));
        }
    }
    const __m256 factor = _mm256_set1_ps(scale);
    for (std::size_t i = 0; i < n; i += width) {
        _mm256_storeu_ps(values + i, _mm256_mul_ps(_mm256_loadu_ps(values + i), factor));
    }
}

void mix_halves(float* values, std::size_t half) {
    const __m256 factor = _mm256_set1_ps(half_root);
    float* const other = values + half;
    for (std::size_t i = 0; i < half; i += width) {
        const __m256 a = _mm256_loadu_ps(values + i);
        const __m256 b = _mm256_loadu_ps(other + i);
        _mm256_storeu_ps(values + i, _mm256_mul_ps(_mm256_add_ps(a, b), factor));
        _mm256_storeu_ps(other + i, _mm256_mul_ps(_mm256_sub_ps(a, b), factor));
    }
}

float largest_difference(const float* query, const float* parent, std::size_t n) {
    const __m256 not_sign = _mm256_castsi256_ps(_mm256_set1_epi32(0x7FFFFFFF));
    __m256 largest = _mm256_setzero_ps();
    for (std::size_t i = 0; i < n; i += width) {
        const __m256 difference =
            _mm256_sub_ps(_mm256_loadu_ps(query + i), _mm256_loadu_ps(parent + i));
        largest = _mm256_max_ps(largest, _mm256_and_ps(difference, not_sign));
    }
    __m128 half = _mm_max_ps(_mm256_castps256_ps128(largest), _mm256_extractf128_ps(largest, 1));
    half = _mm_max_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_max_ss(half, _mm_movehdup_ps(half)));
}

std::int32_t add_lanes(__m256i sum) {
    __m128i half = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4E));
    return _mm_cvtsi128_si32(_mm_add_epi32(half, _mm_shuffle_epi32(half, 0xB1)));
}

__m256i rounded_difference(const float* query, const float* parent, __m256 factor) {
    const __m256 difference = _mm256_sub_ps(_mm256_loadu_ps(query), _mm256_loadu_ps(parent));
    return _mm256_cvtps_epi32(_mm256_mul_ps(difference, factor));
}

std::int32_t round_differences(const float* query, const float* parent, std::size_t n, float scale,
                               std::int8_t* out) {
    const __m256 factor = _mm256_set1_ps(scale);
    __m256i total = _mm256_setzero_si256();
    for (std::size_t i = 0; i < n; i += 2 * width) {
        const __m256i first = rounded_difference(query + i, parent + i, factor);
        const __m256i second = rounded_difference(query + i + width, parent + i + width, factor);
        total = _mm256_add_epi32(total, _mm256_add_epi32(first, second));
        // Packing works within halves of a register; the permutation puts them in order again.
        const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(first, second), 0xD8);
        const __m128i bytes =
            _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i), bytes);
    }
    return add_lanes(total);
}

void mark_above(const float* parent, const float* child, std::size_t n, float bound,
                std::uint64_t* words) {
    const __m256 bounds = _mm256_set1_ps(bound);
    for (std::size_t start = 0; start < n; start += word_bits) {
        const std::size_t end = n - start < word_bits ? n : start + word_bits;
        std::uint64_t word = 0;
        for (std::size_t i = start; i < end; i += width) {
            const __m256 difference =
                _mm256_sub_ps(_mm256_loadu_ps(child + i), _mm256_loadu_ps(parent + i));
            const int mask = _mm256_movemask_ps(_mm256_cmp_ps(difference, bounds, _CMP_GT_OQ));
            word |= static_cast<std::uint64_t>(static_cast<unsigned>(mask)) << (i - start);
        }
        words[start / word_bits] = word;
    }
}

// Sixteen partial sums in two registers, added by halves, as the scalar kernels do.
float add_float_lanes(__m256 first, __m256 second) {
    __m256 lanes = _mm256_add_ps(first, second);
    lanes = _mm256_add_ps(lanes, _mm256_permute2f128_ps(lanes, lanes, 0x01));
    lanes = _mm256_add_ps(lanes, _mm256_permute_ps(lanes, 0x4E));
    lanes = _mm256_add_ps(lanes, _mm256_permute_ps(lanes, 0xB1));
    return _mm256_cvtss_f32(lanes);
}

__m256 squares(const float* parent, const float* child) {
    const __m256 difference = _mm256_sub_ps(_mm256_loadu_ps(child), _mm256_loadu_ps(parent));
    return _mm256_mul_ps(difference, difference);
}

float sum_squares(const float* parent, const float* child, std::size_t n) {
    __m256 first = _mm256_setzero_ps();
    __m256 second = _mm256_setzero_ps();
    for (std::size_t i = 0; i < n; i += 2 * width) {
        first = _mm256_add_ps(first, squares(parent + i, child + i));
        second = _mm256_add_ps(second, squares(parent + i + width, child + i + width));
    }
    return add_float_lanes(first, second);
}

__m256 levels(const float* parent, const float* child, __m256 bounds) {
    const __m256 sign = _mm256_set1_ps(-0.0F);
    const __m256 size =
        _mm256_andnot_ps(sign, _mm256_sub_ps(_mm256_loadu_ps(child), _mm256_loadu_ps(parent)));
    const __m256 is_outer = _mm256_cmp_ps(size, bounds, _CMP_GT_OQ);
    return _mm256_blendv_ps(size, _mm256_mul_ps(size, _mm256_set1_ps(3)), is_outer);
}

float sum_levels(const float* parent, const float* child, std::size_t n, float outer) {
    const __m256 bounds = _mm256_set1_ps(outer);
    __m256 first = _mm256_setzero_ps();
    __m256 second = _mm256_setzero_ps();
    for (std::size_t i = 0; i < n; i += 2 * width) {
        first = _mm256_add_ps(first, levels(parent + i, child + i, bounds));
        second = _mm256_add_ps(second, levels(parent + i + width, child + i + width, bounds));
    }
    return add_float_lanes(first, second);
}

long long load_word(const std::uint8_t* code, std::size_t word) {
    long long value = 0;
    __builtin_memcpy(&value, code + word * word_bytes, word_bytes);
    return value;
}

// Quarter j of a register takes bits j, 8 + j, 16 + j ... of the word: dimensions 8j to 8j + 7.
// Sums of two bytes add up in sixteen bits: at most sixteen words of two times two times 127.
void sum_selected(const std::int8_t* values, const std::uint8_t* codes, std::size_t words,
                  std::size_t rows, std::int32_t* sums) {
    const __m256i low_shifts = _mm256_setr_epi64x(0, 1, 2, 3);
    const __m256i high_shifts = _mm256_setr_epi64x(4, 5, 6, 7);
    const __m256i ones = _mm256_set1_epi8(1);
    for (std::size_t row = 0; row < rows; ++row) {
        const std::uint8_t* const code = codes + row * words * word_bytes;
        __m256i sum = _mm256_setzero_si256();
        for (std::size_t word = 0; word < words; ++word) {
            const __m256i bits = _mm256_set1_epi64x(load_word(code, word));
            const __m256i low = _mm256_and_si256(_mm256_srlv_epi64(bits, low_shifts), ones);
            const __m256i high = _mm256_and_si256(_mm256_srlv_epi64(bits, high_shifts), ones);
            const auto* const at = reinterpret_cast<const __m256i*>(values + word * word_bits);
            sum = _mm256_add_epi16(sum, _mm256_maddubs_epi16(low, _mm256_load_si256(at)));
            sum = _mm256_add_epi16(sum, _mm256_maddubs_epi16(high, _mm256_load_si256(at + 1)));
        }
        sums[row] = add_lanes(_mm256_madd_epi16(sum, _mm256_set1_epi16(1)));
    }
}

void count_differing(const std::uint8_t* code, const std::uint8_t* codes, std::size_t words,
                     std::size_t rows, std::uint32_t* counts) {
    for (std::size_t row = 0; row < rows; ++row) {
        const std::uint8_t* const other = codes + row * words * word_bytes;
        long long count = 0;
        for (std::size_t word = 0; word < words; ++word) {
            count += __builtin_popcountll(
                static_cast<unsigned long long>(load_word(code, word) ^ load_word(other, word)));
        }
        counts[row] = static_cast<std::uint32_t>(count);
    }
}

constexpr Kernels kernels = {
    "avx2",     flip_signs,  hadamard,   mix_halves,   largest_difference, round_differences,
    mark_above, sum_squares, sum_levels, sum_selected, count_differing};

}  // namespace

const Kernels* avx2_kernels() {
    return &kernels;
}

}  // namespace pgmind::graph

#else

namespace pgmind::graph {

const Kernels* avx2_kernels() {
    return nullptr;
}

}  // namespace pgmind::graph

#endif
