// AVX2 with fused multiply-add: eight floats a register, four registers in flight.

#include "kernels/kernels.hpp"

#if defined(__AVX2__) && defined(__FMA__)

#include <immintrin.h>

namespace pgmind {
namespace {

constexpr std::size_t width = 8;
constexpr std::size_t registers = 4;
constexpr std::size_t block = width * registers;

float add_lanes(__m256 v) {
    const __m128 quads = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    const __m128 pairs = _mm_add_ps(quads, _mm_movehl_ps(quads, quads));
    return _mm_cvtss_f32(_mm_add_ss(pairs, _mm_movehdup_ps(pairs)));
}

float add_registers(const __m256* sums) {
    return add_lanes(
        _mm256_add_ps(_mm256_add_ps(sums[0], sums[1]), _mm256_add_ps(sums[2], sums[3])));
}

// Selects the first `count` lanes (below eight); a masked load touches no byte of the others.
__m256i first_lanes(std::size_t count) {
    const __m256i index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), index);
}

struct SquaredDifference {
    static __m256 add(__m256 sum, __m256 a, __m256 b) {
        const __m256 difference = _mm256_sub_ps(a, b);
        return _mm256_fmadd_ps(difference, difference, sum);
    }
};

struct Product {
    static __m256 add(__m256 sum, __m256 a, __m256 b) { return _mm256_fmadd_ps(a, b, sum); }
};

template <class Term>
float sum_terms(const float* a, const float* b, std::size_t n) {
    __m256 sums[registers] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(),
                              _mm256_setzero_ps()};
    std::size_t i = 0;
    for (; i + block <= n; i += block) {
        for (std::size_t r = 0; r < registers; ++r) {
            const std::size_t at = i + r * width;
            sums[r] = Term::add(sums[r], _mm256_loadu_ps(a + at), _mm256_loadu_ps(b + at));
        }
    }
    for (; i + width <= n; i += width) {
        sums[0] = Term::add(sums[0], _mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i));
    }
    if (i < n) {
        const __m256i mask = first_lanes(n - i);
        sums[1] =
            Term::add(sums[1], _mm256_maskload_ps(a + i, mask), _mm256_maskload_ps(b + i, mask));
    }
    return add_registers(sums);
}

CosineSums cosine_sums(const float* a, const float* b, std::size_t n) {
    __m256 product[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
    __m256 norm_a[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
    __m256 norm_b[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
    const auto add = [&](std::size_t r, __m256 va, __m256 vb) {
        product[r] = Product::add(product[r], va, vb);
        norm_a[r] = Product::add(norm_a[r], va, va);
        norm_b[r] = Product::add(norm_b[r], vb, vb);
    };
    std::size_t i = 0;
    for (; i + 2 * width <= n; i += 2 * width) {
        add(0, _mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i));
        add(1, _mm256_loadu_ps(a + i + width), _mm256_loadu_ps(b + i + width));
    }
    for (; i < n; i += width) {
        const __m256i mask = first_lanes(n - i);
        add(0, _mm256_maskload_ps(a + i, mask), _mm256_maskload_ps(b + i, mask));
    }
    return {add_lanes(_mm256_add_ps(product[0], product[1])),
            add_lanes(_mm256_add_ps(norm_a[0], norm_a[1])),
            add_lanes(_mm256_add_ps(norm_b[0], norm_b[1]))};
}

constexpr Kernels kernels = {"avx2", sum_terms<SquaredDifference>, sum_terms<Product>, cosine_sums};

}  // namespace

const Kernels* avx2_kernels() {
    return &kernels;
}

}  // namespace pgmind

#else

namespace pgmind {

const Kernels* avx2_kernels() {
    return nullptr;
}

}  // namespace pgmind

#endif
