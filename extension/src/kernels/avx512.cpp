// AVX-512F: sixteen floats a register, four registers in flight, masked tails.

#include "kernels/kernels.hpp"

#if defined(__AVX512F__)

#include <immintrin.h>

namespace pgmind {
namespace {

constexpr std::size_t width = 16;
constexpr std::size_t registers = 4;
constexpr std::size_t block = width * registers;

float add_registers(const __m512* sums) {
    return _mm512_reduce_add_ps(
        _mm512_add_ps(_mm512_add_ps(sums[0], sums[1]), _mm512_add_ps(sums[2], sums[3])));
}

// Selects the first `count` lanes (at most sixteen); a masked load touches no byte of the others.
__mmask16 first_lanes(std::size_t count) {
    return static_cast<__mmask16>(count >= width ? 0xFFFFu : (1u << count) - 1u);
}

struct SquaredDifference {
    static __m512 add(__m512 sum, __m512 a, __m512 b) {
        const __m512 difference = _mm512_sub_ps(a, b);
        return _mm512_fmadd_ps(difference, difference, sum);
    }
};

struct Product {
    static __m512 add(__m512 sum, __m512 a, __m512 b) { return _mm512_fmadd_ps(a, b, sum); }
};

template <class Term>
float sum_terms(const float* a, const float* b, std::size_t n) {
    __m512 sums[registers] = {_mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps(),
                              _mm512_setzero_ps()};
    std::size_t i = 0;
    for (; i + block <= n; i += block) {
        for (std::size_t r = 0; r < registers; ++r) {
            const std::size_t at = i + r * width;
            sums[r] = Term::add(sums[r], _mm512_loadu_ps(a + at), _mm512_loadu_ps(b + at));
        }
    }
    for (; i < n; i += width) {
        const __mmask16 mask = first_lanes(n - i);
        sums[0] = Term::add(sums[0], _mm512_maskz_loadu_ps(mask, a + i),
                            _mm512_maskz_loadu_ps(mask, b + i));
    }
    return add_registers(sums);
}

CosineSums cosine_sums(const float* a, const float* b, std::size_t n) {
    __m512 product[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};
    __m512 norm_a[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};
    __m512 norm_b[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};
    const auto add = [&](std::size_t r, __m512 va, __m512 vb) {
        product[r] = Product::add(product[r], va, vb);
        norm_a[r] = Product::add(norm_a[r], va, va);
        norm_b[r] = Product::add(norm_b[r], vb, vb);
    };
    std::size_t i = 0;
    for (; i + 2 * width <= n; i += 2 * width) {
        add(0, _mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i));
        add(1, _mm512_loadu_ps(a + i + width), _mm512_loadu_ps(b + i + width));
    }
    for (; i < n; i += width) {
        const __mmask16 mask = first_lanes(n - i);
        add(0, _mm512_maskz_loadu_ps(mask, a + i), _mm512_maskz_loadu_ps(mask, b + i));
    }
    return {_mm512_reduce_add_ps(_mm512_add_ps(product[0], product[1])),
            _mm512_reduce_add_ps(_mm512_add_ps(norm_a[0], norm_a[1])),
            _mm512_reduce_add_ps(_mm512_add_ps(norm_b[0], norm_b[1]))};
}

constexpr Kernels kernels = {"avx512", sum_terms<SquaredDifference>, sum_terms<Product>,
                             cosine_sums};

}  // namespace

const Kernels* avx512_kernels() {
    return &kernels;
}

}  // namespace pgmind

#else

namespace pgmind {

const Kernels* avx512_kernels() {
    return nullptr;
}

}  // namespace pgmind

#endif
