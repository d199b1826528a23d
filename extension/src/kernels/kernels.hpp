#pragma once

#include <cstddef>

// The distance kernels: one implementation per instruction set, chosen once at run time.
//
// Every kernel sums in float, in at least eight independent lanes that are added pairwise at the
// end. With u = 2^-24 and n dimensions the error of a sum is at most (n / 8 + 12) * u * S, where S
// is the sum of the absolute values of the exact terms (for L2 and norms that is the result
// itself, so the bound is relative). The tests hold every kernel to that bound; the caller
// (distance.cpp) recomputes in double what leaves the range of float.
//
// No file that is compiled for one instruction set may include a header with inline functions
// besides the intrinsics: the linker keeps one copy of each, perhaps the one that only a newer
// processor can run.
namespace pgmind {

// Three sums of one pass over both vectors; the norms are squared.
struct CosineSums {
    float product;
    float norm_a;
    float norm_b;
};

struct Kernels {
    const char* name;
    float (*l2_squared)(const float* a, const float* b, std::size_t n);
    float (*inner_product)(const float* a, const float* b, std::size_t n);
    CosineSums (*cosine_sums)(const float* a, const float* b, std::size_t n);
};

// The instruction sets in ascending order; `automatic` stands for the best one here.
enum class InstructionSet : int { automatic, scalar, sse2, avx2, avx512 };

// The kernels of `set`, or null where this processor (or this build) lacks it. Immutable and
// shared by all threads; `automatic` and `scalar` always exist.
const Kernels* find_kernels(InstructionSet set);

// One per file of this directory; null on processors other than x86-64.
extern const Kernels scalar_kernels;
const Kernels* sse2_kernels();
const Kernels* avx2_kernels();
const Kernels* avx512_kernels();

}  // namespace pgmind
