// Prints nanoseconds per call of every distance kernel, by dimensions: the best of several rounds,
// over vectors that stay in the first-level cache up to 1,536 dimensions.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

#include "kernels/kernels.hpp"

namespace {

using namespace pgmind;

constexpr int dimensions[] = {32, 96, 128, 256, 384, 768, 1024, 1536, 3072, 16000};
constexpr int rounds = 15;

// Keeps a result from being optimised away.
volatile float sink;

template <class Kernel>
double best_nanoseconds(Kernel kernel, const float* a, const float* b, std::size_t n) {
    // About a millisecond a round.
    const std::size_t calls = std::max<std::size_t>(100, 4'000'000 / n);
    double best = 1e12;
    for (int round = 0; round < rounds; ++round) {
        const auto start = std::chrono::steady_clock::now();
        for (std::size_t call = 0; call < calls; ++call) {
            sink = kernel(a, b, n);
        }
        const std::chrono::duration<double, std::nano> spent =
            std::chrono::steady_clock::now() - start;
        best = std::min(best, spent.count() / static_cast<double>(calls));
    }
    return best;
}

template <class Choose>
void print_table(const char* title, Choose choose) {
    std::printf("\n%s, ns per call\n%-10s", title, "kernel");
    for (const int n : dimensions) {
        std::printf("%9d", n);
    }
    std::printf("\n");
    for (InstructionSet set : {InstructionSet::scalar, InstructionSet::sse2, InstructionSet::avx2,
                               InstructionSet::avx512}) {
        const Kernels* kernels = find_kernels(set);
        if (kernels == nullptr) {
            continue;
        }
        std::printf("%-10s", kernels->name);
        for (const int n : dimensions) {
            std::vector<float> a(static_cast<std::size_t>(n), 0.5F);
            std::vector<float> b(static_cast<std::size_t>(n), 0.25F);
            std::printf("%9.1f", best_nanoseconds(choose(*kernels), a.data(), b.data(), a.size()));
        }
        std::printf("\n");
    }
}

}  // namespace

int main() {
    print_table("squared L2 distance", [](const Kernels& kernels) { return kernels.l2_squared; });
    print_table("inner product", [](const Kernels& kernels) { return kernels.inner_product; });
    print_table("cosine sums", [](const Kernels& kernels) {
        return [&kernels](const float* a, const float* b, std::size_t n) {
            const CosineSums sums = kernels.cosine_sums(a, b, n);
            return sums.product + sums.norm_a + sums.norm_b;
        };
    });
    return 0;
}
