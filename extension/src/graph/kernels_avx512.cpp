// AVX-512 with VBMI, VNNI and VPOPCNTDQ: Intel from Ice Lake, AMD from Zen 4.

#include "graph/kernels.hpp"

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VBMI__) && \
    defined(__AVX512VNNI__) && defined(__AVX512VPOPCNTDQ__)

#include <immintrin.h>

namespace pgmind::graph {
namespace {

constexpr float half_root = 0.70710678118654752F;
constexpr std::size_t width = 16;
constexpr std::size_t words_max = code_bits_max / word_bits;
constexpr std::size_t word_bytes = 8;
// The lanes whose bit `step` is set: they hold the second of each pair.
constexpr __mmask16 odd_ones = 0xAAAA;
constexpr __mmask16 odd_twos = 0xCCCC;
constexpr __mmask16 odd_fours = 0xF0F0;
constexpr __mmask16 odd_eights = 0xFF00;

void flip_signs(float* values, std::size_t n, const std::uint64_t* signs) {
    const __m512i sign = _mm512_set1_epi32(static_cast<int>(0x80000000U));
    for (std::size_t i = 0; i < n; i += width) {
        const auto mask = static_cast<__mmask16>(signs[i / 64] >> (i % 64));
        const __m512i value = _mm512_loadu_si512(values + i);
        _mm512_storeu_si512(values + i, _mm512_mask_xor_epi32(value, mask, value, sign));
    }
}

// (a, b) -> (a + b, a - b) for lanes whose partner is in `swapped` at the same place.
__m512 butterfly(__m512 value, __m512 swapped, __mmask16 second) {
    return _mm512_mask_sub_ps(_mm512_add_ps(value, swapped), second, swapped, value);
}

__m512 hadamard_of_16(__m512 value) {
    value = butterfly(value, _mm512_permute_ps(value, 0xB1), odd_ones);
    value = butterfly(value, _mm512_permute_ps(value, 0x4E), odd_twos);
    value = butterfly(value, _mm512_shuffle_f32x4(value, value, 0xB1), odd_fours);
    return butterfly(value, _mm512_shuffle_f32x4(value, value, 0x4E), odd_eights);
}

struct Four {
    __m512 value[4];
};

// The steps `step` and 2 * `step` of four registers that lie `step` floats apart.
Four two_steps(const Four& in) {
    const __m512 a = _mm512_add_ps(in.value[0], in.value[1]);
    const __m512 b = _mm512_sub_ps(in.value[0], in.value[1]);
    const __m512 c = _mm512_add_ps(in.value[2], in.value[3]);
    const __m512 d = _mm512_sub_ps(in.value[2], in.value[3]);
    return {{_mm512_add_ps(a, c), _mm512_add_ps(b, d), _mm512_sub_ps(a, c), _mm512_sub_ps(b, d)}};
}

Four load_four(const float* at, std::size_t step) {
    return {{_mm512_loadu_ps(at), _mm512_loadu_ps(at + step), _mm512_loadu_ps(at + 2 * step),
             _mm512_loadu_ps(at + 3 * step)}};
}

void store_four(float* at, std::size_t step, const Four& in) {
    for (std::size_t i = 0; i < 4; ++i) {
        _mm512_storeu_ps(at + i * step, in.value[i]);
    }
}

void hadamard(float* values, std::size_t n, float scale) {
    for (std::size_t i = 0; i < n; i += 4 * width) {
        Four four = load_four(values + i, width);
        for (__m512& value : four.value) {
            value = hadamard_of_16(value);
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
            const __m512 a = _mm512_loadu_ps(values + i);
            const __m512 b = _mm512_loadu_ps(values + i + step);
            _mm512_storeu_ps(values + i, _mm512_add_ps(a, b));
            _mm512_storeu_ps(values + i + step, _mm512_sub_ps(a, b));
        }
    }
    const __m512 factor = _mm512_set1_ps(scale);
    for (std::size_t i = 0; i < n; i += width) {
        _mm512_storeu_ps(values + i, _mm512_mul_ps(_mm512_loadu_ps(values + i), factor));
    }
}

void mix_halves(float* values, std::size_t half) {
    const __m512 factor = _mm512_set1_ps(half_root);
    float* const other = values + half;
    for (std::size_t i = 0; i < half; i += width) {
        // Half a register is left where half is an odd multiple of eight.
        const auto mask = static_cast<__mmask16>(half - i >= width ? 0xFFFF : 0xFF);
        const __m512 a = _mm512_maskz_loadu_ps(mask, values + i);
        const __m512 b = _mm512_maskz_loadu_ps(mask, other + i);
        _mm512_mask_storeu_ps(values + i, mask, _mm512_mul_ps(_mm512_add_ps(a, b), factor));
        _mm512_mask_storeu_ps(other + i, mask, _mm512_mul_ps(_mm512_sub_ps(a, b), factor));
    }
}

float largest_difference(const float* query, const float* parent, std::size_t n) {
    __m512 largest = _mm512_setzero_ps();
    for (std::size_t i = 0; i < n; i += width) {
        const __m512 difference =
            _mm512_sub_ps(_mm512_loadu_ps(query + i), _mm512_loadu_ps(parent + i));
        largest = _mm512_max_ps(largest, _mm512_abs_ps(difference));
    }
    return _mm512_reduce_max_ps(largest);
}

std::int32_t round_differences(const float* query, const float* parent, std::size_t n, float scale,
                               std::int8_t* out) {
    const __m512 factor = _mm512_set1_ps(scale);
    __m512i total = _mm512_setzero_si512();
    for (std::size_t i = 0; i < n; i += width) {
        const __m512 difference =
            _mm512_sub_ps(_mm512_loadu_ps(query + i), _mm512_loadu_ps(parent + i));
        const __m512i rounded = _mm512_cvtps_epi32(_mm512_mul_ps(difference, factor));
        total = _mm512_add_epi32(total, rounded);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i), _mm512_cvtepi32_epi8(rounded));
    }
    return _mm512_reduce_add_epi32(total);
}

void mark_above(const float* parent, const float* child, std::size_t n, float bound,
                std::uint64_t* words) {
    const __m512 bounds = _mm512_set1_ps(bound);
    for (std::size_t start = 0; start < n; start += word_bits) {
        const std::size_t end = n - start < word_bits ? n : start + word_bits;
        std::uint64_t word = 0;
        for (std::size_t i = start; i < end; i += width) {
            const __m512 difference =
                _mm512_sub_ps(_mm512_loadu_ps(child + i), _mm512_loadu_ps(parent + i));
            const __mmask16 mask = _mm512_cmp_ps_mask(difference, bounds, _CMP_GT_OQ);
            word |= static_cast<std::uint64_t>(mask) << (i - start);
        }
        words[start / word_bits] = word;
    }
}

// By halves, as the scalar kernels do.
float add_lanes(__m512 lanes) {
    lanes = _mm512_add_ps(lanes, _mm512_shuffle_f32x4(lanes, lanes, 0x4E));
    lanes = _mm512_add_ps(lanes, _mm512_shuffle_f32x4(lanes, lanes, 0xB1));
    lanes = _mm512_add_ps(lanes, _mm512_permute_ps(lanes, 0x4E));
    lanes = _mm512_add_ps(lanes, _mm512_permute_ps(lanes, 0xB1));
    return _mm512_cvtss_f32(lanes);
}

float sum_squares(const float* parent, const float* child, std::size_t n) {
    __m512 sum = _mm512_setzero_ps();
    for (std::size_t i = 0; i < n; i += width) {
        const __m512 difference =
            _mm512_sub_ps(_mm512_loadu_ps(child + i), _mm512_loadu_ps(parent + i));
        sum = _mm512_add_ps(sum, _mm512_mul_ps(difference, difference));
    }
    return add_lanes(sum);
}

float sum_levels(const float* parent, const float* child, std::size_t n, float outer) {
    const __m512 bounds = _mm512_set1_ps(outer);
    const __m512 three = _mm512_set1_ps(3);
    __m512 sum = _mm512_setzero_ps();
    for (std::size_t i = 0; i < n; i += width) {
        const __m512 size =
            _mm512_abs_ps(_mm512_sub_ps(_mm512_loadu_ps(child + i), _mm512_loadu_ps(parent + i)));
        const __mmask16 is_outer = _mm512_cmp_ps_mask(size, bounds, _CMP_GT_OQ);
        sum = _mm512_add_ps(sum, _mm512_mask_mul_ps(size, is_outer, size, three));
    }
    return add_lanes(sum);
}

// Moves dimension 8j + b to place 8b + j, where its bit is in a code's word.
__m512i in_order_of_bits(const std::int8_t* values) {
    alignas(64) std::uint8_t from[64];
    for (unsigned place = 0; place < 64; ++place) {
        from[place] = static_cast<std::uint8_t>(8 * (place % 8) + place / 8);
    }
    return _mm512_permutexvar_epi8(_mm512_load_si512(from), _mm512_load_si512(values));
}

__mmask64 word_mask(const std::uint8_t* code, std::size_t word) {
    __mmask64 mask = 0;
    __builtin_memcpy(&mask, code + word * word_bytes, word_bytes);
    return mask;
}

__m512i add_selected(__m512i sum, __mmask64 selected, __m512i values) {
    return _mm512_dpbusd_epi32(sum, _mm512_set1_epi8(1), _mm512_maskz_mov_epi8(selected, values));
}

void sum_selected(const std::int8_t* values, const std::uint8_t* codes, std::size_t words,
                  std::size_t rows, std::int32_t* sums) {
    __m512i ordered[words_max];
    for (std::size_t word = 0; word < words; ++word) {
        ordered[word] = in_order_of_bits(values + word * word_bits);
    }
    const std::size_t row_bytes = words * word_bytes;
    std::size_t row = 0;
    for (; row + 4 <= rows; row += 4) {
        const std::uint8_t* const code = codes + row * row_bytes;
        __m512i sum[4] = {};
        for (std::size_t word = 0; word < words; ++word) {
            for (std::size_t i = 0; i < 4; ++i) {
                sum[i] = add_selected(sum[i], word_mask(code + i * row_bytes, word), ordered[word]);
            }
        }
        for (std::size_t i = 0; i < 4; ++i) {
            sums[row + i] = _mm512_reduce_add_epi32(sum[i]);
        }
    }
    for (; row < rows; ++row) {
        __m512i sum = _mm512_setzero_si512();
        for (std::size_t word = 0; word < words; ++word) {
            sum = add_selected(sum, word_mask(codes + row * row_bytes, word), ordered[word]);
        }
        sums[row] = _mm512_reduce_add_epi32(sum);
    }
}

void count_differing(const std::uint8_t* code, const std::uint8_t* codes, std::size_t words,
                     std::size_t rows, std::uint32_t* counts) {
    const std::size_t row_bytes = words * word_bytes;
    for (std::size_t row = 0; row < rows; ++row) {
        const std::uint8_t* const other = codes + row * row_bytes;
        __m512i count = _mm512_setzero_si512();
        for (std::size_t word = 0; word < words; word += 8) {
            const auto mask =
                static_cast<__mmask8>(words - word >= 8 ? 0xFF : (1 << (words - word)) - 1);
            const __m512i a = _mm512_maskz_loadu_epi64(mask, code + word * word_bytes);
            const __m512i b = _mm512_maskz_loadu_epi64(mask, other + word * word_bytes);
            count = _mm512_add_epi64(count, _mm512_popcnt_epi64(_mm512_xor_si512(a, b)));
        }
        counts[row] = static_cast<std::uint32_t>(_mm512_reduce_add_epi64(count));
    }
}

constexpr Kernels kernels = {"avx512",           flip_signs,        hadamard,       mix_halves,
                             largest_difference, round_differences, mark_above,     sum_squares,
                             sum_levels,         sum_selected,      count_differing};

}  // namespace

const Kernels* avx512_kernels() {
    return &kernels;
}

}  // namespace pgmind::graph

#else

namespace pgmind::graph {

const Kernels* avx512_kernels() {
    return nullptr;
}

}  // namespace pgmind::graph

#endif
