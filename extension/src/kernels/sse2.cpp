// The baseline of x86-64: four floats a register, four registers in flight.

#include "kernels/kernels.hpp"

#if defined(__x86_64__)

#include <emmintrin.h>

namespace pgmind {
namespace {

constexpr std::size_t width = 4;
constexpr std::size_t registers = 4;
constexpr std::size_t block = width * registers;

float add_lanes(__m128 v) {
    const __m128 high = _mm_movehl_ps(v, v);
    const __m128 pairs = _mm_add_ps(v, high);
    const __m128 odd = _mm_shuffle_ps(pairs, pairs, 1);
    return _mm_cvtss_f32(_mm_add_ss(pairs, odd));
}

float add_registers(const __m128* sums) {
    return add_lanes(_mm_add_ps(_mm_add_ps(sums[0], sums[1]), _mm_add_ps(sums[2], sums[3])));
}

struct SquaredDifference {
    static __m128 add(__m128 sum, __m128 a, __m128 b) {
        const __m128 difference = _mm_sub_ps(a, b);
        return _mm_add_ps(sum, _mm_mul_ps(difference, difference));
    }
};

struct Product {
    static __m128 add(__m128 sum, __m128 a, __m128 b) { return _mm_add_ps(sum, _mm_mul_ps(a, b)); }
};

template <class Term>
float sum_terms(const float* a, const float* b, std::size_t n) {
    __m128 sums[registers] = {_mm_setzero_ps(), _mm_setzero_ps(), _mm_setzero_ps(),
                              _mm_setzero_ps()};
    std::size_t i = 0;
    for (; i + block <= n; i += block) {
        for (std::size_t r = 0; r < registers; ++r) {
            const std::size_t at = i + r * width;
            sums[r] = Term::add(sums[r], _mm_loadu_ps(a + at), _mm_loadu_ps(b + at));
        }
    }
    for (; i + width <= n; i += width) {
        sums[0] = Term::add(sums[0], _mm_loadu_ps(a + i), _mm_loadu_ps(b + i));
    }
    // A single float loads as (x, 0, 0, 0), whose zeros add nothing.
    for (; i < n; ++i) {
        sums[1] = Term::add(sums[1], _mm_load_ss(a + i), _mm_load_ss(b + i));
    }
    return add_registers(sums);
}

CosineSums cosine_sums(const float* a, const float* b, std::size_t n) {
    __m128 product[2] = {_mm_setzero_ps(), _mm_setzero_ps()};
    __m128 norm_a[2] = {_mm_setzero_ps(), _mm_setzero_ps()};
    __m128 norm_b[2] = {_mm_setzero_ps(), _mm_setzero_ps()};
    const auto add = [&](std::size_t r, __m128 va, __m128 vb) {
        product[r] = Product::add(product[r], va, vb);
        norm_a[r] = Product::add(norm_a[r], va, va);
        norm_b[r] = Product::add(norm_b[r], vb, vb);
    };
    std::size_t i = 0;
    for (; i + 2 * width <= n; i += 2 * width) {
        add(0, _mm_loadu_ps(a + i), _mm_loadu_ps(b + i));
        add(1, _mm_loadu_ps(a + i + width), _mm_loadu_ps(b + i + width));
    }
    if (i + width <= n) {
        add(0, _mm_loadu_ps(a + i), _mm_loadu_ps(b + i));
        i += width;
    }
    for (; i < n; ++i) {
        add(1, _mm_load_ss(a + i), _mm_load_ss(b + i));
    }
    return {add_lanes(_mm_add_ps(product[0], product[1])),
            add_lanes(_mm_add_ps(norm_a[0], norm_a[1])),
            add_lanes(_mm_add_ps(norm_b[0], norm_b[1]))};
}

constexpr Kernels kernels = {"sse2", sum_terms<SquaredDifference>, sum_terms<Product>, cosine_sums};

}  // namespace

const Kernels* sse2_kernels() {
    return &kernels;
}

}  // namespace pgmind

#else

namespace pgmind {

const Kernels* sse2_kernels() {
    return nullptr;
}

}  // namespace pgmind

#endif
