// Prints nanoseconds per call of every distance kernel, by dimensions: the best of several rounds,
// over vectors that stay in the first-level cache up to 1,536 dimensions.
//
//   kernels_bench [FILE COMMIT]     with FILE also writes the figures there, as JSON

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

#include "kernels/kernels.hpp"

namespace {

using namespace pgmind;

constexpr int dimensions[] = {32, 96, 128, 256, 384, 768, 1024, 1536, 3072, 16000};
constexpr int rounds = 15;
constexpr InstructionSet instruction_sets[] = {InstructionSet::scalar, InstructionSet::sse2,
                                               InstructionSet::avx2, InstructionSet::avx512};

struct Figure {
    const char* distance;
    const char* kernel;
    int dimensions;
    double nanoseconds;
    double scalar_nanoseconds;
};

// Keeps a result from being optimised away.
volatile float sink;

template <class Kernel>
double best_nanoseconds(Kernel kernel, int n) {
    const std::vector<float> a(static_cast<std::size_t>(n), 0.5F);
    const std::vector<float> b(static_cast<std::size_t>(n), 0.25F);
    // About a millisecond a round.
    const std::size_t calls = std::max<std::size_t>(100, 4'000'000 / a.size());
    double best = 1e12;
    for (int round = 0; round < rounds; ++round) {
        const auto start = std::chrono::steady_clock::now();
        for (std::size_t call = 0; call < calls; ++call) {
            sink = kernel(a.data(), b.data(), a.size());
        }
        const std::chrono::duration<double, std::nano> spent =
            std::chrono::steady_clock::now() - start;
        best = std::min(best, spent.count() / static_cast<double>(calls));
    }
    return best;
}

// Measures and prints one distance; `choose` takes the function out of the kernels.
template <class Choose>
void measure(std::vector<Figure>& figures, const char* distance, Choose choose) {
    std::printf("\n%s, ns per call\n%-10s", distance, "kernel");
    for (const int n : dimensions) {
        std::printf("%9d", n);
    }
    std::printf("\n");
    const std::size_t first = figures.size();
    for (const InstructionSet set : instruction_sets) {
        const Kernels* kernels = find_kernels(set);
        if (kernels == nullptr) {
            continue;
        }
        std::printf("%-10s", kernels->name);
        for (const int n : dimensions) {
            const double spent = best_nanoseconds(choose(*kernels), n);
            const std::size_t column = (figures.size() - first) % std::size(dimensions);
            const bool is_scalar = set == InstructionSet::scalar;
            const double scalar = is_scalar ? spent : figures[first + column].nanoseconds;
            figures.push_back({distance, kernels->name, n, spent, scalar});
            std::printf("%9.1f", spent);
        }
        std::printf("\n");
    }
}

bool write_json(const char* path, const char* commit, const std::vector<Figure>& figures) {
    std::FILE* file = std::fopen(path, "w");
    if (file == nullptr) {
        std::perror(path);
        return false;
    }
    std::fprintf(file,
                 "{\"name\": \"extension_kernels\", \"commit\": \"%s\", "
                 "\"reference\": \"scalar\", \"figures\": [\n",
                 commit);
    for (std::size_t i = 0; i < figures.size(); ++i) {
        const Figure& figure = figures[i];
        std::fprintf(file,
                     " {\"distance\": \"%s\", \"kernel\": \"%s\", \"dimensions\": %d, "
                     "\"nanoseconds\": %.1f, \"ratio\": %.2f}%s\n",
                     figure.distance, figure.kernel, figure.dimensions, figure.nanoseconds,
                     figure.scalar_nanoseconds / figure.nanoseconds,
                     i + 1 < figures.size() ? "," : "");
    }
    std::fprintf(file, "]}\n");
    return std::fclose(file) == 0;
}

}  // namespace

int main(int argc, char** argv) {
    std::vector<Figure> figures;
    measure(figures, "squared L2 distance",
            [](const Kernels& kernels) { return kernels.l2_squared; });
    measure(figures, "inner product", [](const Kernels& kernels) { return kernels.inner_product; });
    measure(figures, "cosine sums", [](const Kernels& kernels) {
        return [&kernels](const float* a, const float* b, std::size_t n) {
            const CosineSums sums = kernels.cosine_sums(a, b, n);
            return sums.product + sums.norm_a + sums.norm_b;
        };
    });
    if (argc == 3 && !write_json(argv[1], argv[2], figures)) {
        return 1;
    }
    return 0;
}
