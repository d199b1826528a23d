// Holds every distance kernel that this processor has to the error bound of kernels.hpp, against
// sums in double, and lets none of them read past the end of a vector.
//
// The vectors end at a page that nobody may read, so a kernel that loads one float too many dies.

#include "kernels/kernels.hpp"

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

#include <sys/mman.h>
#include <unistd.h>

#include "kernels/reference.hpp"
#include "limits.hpp"

namespace {

using namespace pgmind;

// Room for one vector, whose last float lies right before an unreadable page.
class GuardedFloats {
  public:
    GuardedFloats() {
        const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
        const std::size_t bytes = (dimensions_max * sizeof(float) / page + 1) * page;
        void* memory =
            mmap(nullptr, bytes + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED || mprotect(static_cast<char*>(memory) + bytes, page, PROT_NONE)) {
            std::perror("kernels_test: guarded memory");
            std::exit(2);
        }
        end_ = reinterpret_cast<float*>(static_cast<char*>(memory) + bytes);
    }
    std::span<float> last(std::size_t n) { return {end_ - n, n}; }

  private:
    float* end_ = nullptr;
};

// A small generator of its own, so that every platform tests the same numbers.
class Random {
  public:
    float uniform() {
        state_ = state_ * 6364136223846793005U + 1442695040888963407U;
        return static_cast<float>(state_ >> 40) / static_cast<float>(1U << 23) - 1.0F;
    }

  private:
    std::uint64_t state_ = 20261123;
};

struct Pattern {
    const char* name;
    void (*fill)(Random& random, std::span<float> a, std::span<float> b);
};

constexpr Pattern patterns[] = {
    {"uniform",
     [](Random& random, std::span<float> a, std::span<float> b) {
         for (std::size_t i = 0; i < a.size(); ++i) {
             a[i] = random.uniform();
             b[i] = random.uniform();
         }
     }},
    {"equal",
     [](Random& random, std::span<float> a, std::span<float> b) {
         for (std::size_t i = 0; i < a.size(); ++i) {
             a[i] = b[i] = random.uniform();
         }
     }},
    {"nearly equal",
     [](Random& random, std::span<float> a, std::span<float> b) {
         for (std::size_t i = 0; i < a.size(); ++i) {
             a[i] = random.uniform();
             b[i] = a[i] * 1.0001F;
         }
     }},
    {"of all magnitudes",
     [](Random& random, std::span<float> a, std::span<float> b) {
         for (std::size_t i = 0; i < a.size(); ++i) {
             a[i] = std::ldexp(random.uniform(), static_cast<int>(i % 40) - 20);
             b[i] = std::ldexp(random.uniform(), static_cast<int>(i % 36) - 18);
         }
     }},
    {"last only",
     [](Random& random, std::span<float> a, std::span<float> b) {
         for (std::size_t i = 0; i < a.size(); ++i) {
             a[i] = b[i] = 0;
         }
         a.back() = random.uniform();
         b.back() = random.uniform();
     }},
    // Sums of small integers are exact in float in any order, so the bound is not even needed.
    {"integers",
     [](Random& random, std::span<float> a, std::span<float> b) {
         for (std::size_t i = 0; i < a.size(); ++i) {
             a[i] = std::floor(random.uniform() * 8);
             b[i] = std::floor(random.uniform() * 8);
         }
     }},
};

struct Tally {
    int passed = 0;
    int failed = 0;
    // The largest error seen, as a share of its bound.
    double worst = 0;
};

struct Case {
    const Kernels& kernels;
    const Pattern& pattern;
    std::size_t n;
};

// The bound of kernels.hpp; `terms` is the sum of the terms' absolute values.
void expect_within_bound(Tally& tally, const Case& at, const char* what, float got, double exact,
                         double terms) {
    const double bound = (static_cast<double>(at.n) / 8 + 12) * std::ldexp(1.0, -24) * terms;
    const double error = std::fabs(static_cast<double>(got) - exact);
    if (error > 0) {
        tally.worst = std::fmax(tally.worst, error / bound);
    }
    if (error <= bound) {
        ++tally.passed;
        return;
    }
    ++tally.failed;
    std::printf("FAILED %s, %s, %zu dimensions, %s: %.9g instead of %.17g +- %.3g\n",
                at.kernels.name, what, at.n, at.pattern.name, static_cast<double>(got), exact,
                bound);
}

double absolute_terms(std::span<const float> a, std::span<const float> b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        sum += std::fabs(static_cast<double>(a[i]) * static_cast<double>(b[i]));
    }
    return sum;
}

void test_pair(Tally& tally, const Case& at, std::span<const float> a, std::span<const float> b) {
    const Kernels& kernels = at.kernels;
    const double l2 = reference::l2_squared(a.data(), b.data(), at.n);
    const double product = reference::inner_product(a.data(), b.data(), at.n);
    const double norm_a = reference::inner_product(a.data(), a.data(), at.n);
    const double norm_b = reference::inner_product(b.data(), b.data(), at.n);
    const double product_terms = absolute_terms(a, b);
    const CosineSums sums = kernels.cosine_sums(a.data(), b.data(), at.n);
    expect_within_bound(tally, at, "l2_squared", kernels.l2_squared(a.data(), b.data(), at.n), l2,
                        l2);
    expect_within_bound(tally, at, "inner_product", kernels.inner_product(a.data(), b.data(), at.n),
                        product, product_terms);
    expect_within_bound(tally, at, "cosine product", sums.product, product, product_terms);
    expect_within_bound(tally, at, "cosine norm a", sums.norm_a, norm_a, norm_a);
    expect_within_bound(tally, at, "cosine norm b", sums.norm_b, norm_b, norm_b);
}

void test_dimensions(Tally& tally, const Kernels& kernels, std::size_t n) {
    static GuardedFloats guarded_a;
    static GuardedFloats guarded_b;
    static Random random;
    for (const Pattern& pattern : patterns) {
        const std::span<float> a = guarded_a.last(n);
        const std::span<float> b = guarded_b.last(n);
        pattern.fill(random, a, b);
        test_pair(tally, {kernels, pattern, n}, a, b);
    }
}

constexpr std::size_t large_dimensions[] = {96,   100,  128,   255,           256,  257,
                                            384,  768,  1000,  1024,          1536, 3072,
                                            4095, 4096, 15999, dimensions_max};

}  // namespace

int main() {
    Tally total;
    for (InstructionSet set :
         {InstructionSet::automatic, InstructionSet::scalar, InstructionSet::sse2,
          InstructionSet::avx2, InstructionSet::avx512}) {
        const Kernels* kernels = find_kernels(set);
        if (kernels == nullptr) {
            std::printf("skipped instruction set %d: this processor lacks it\n",
                        static_cast<int>(set));
            continue;
        }
        Tally tally;
        for (std::size_t n = 1; n <= 67; ++n) {
            test_dimensions(tally, *kernels, n);
        }
        for (const std::size_t n : large_dimensions) {
            test_dimensions(tally, *kernels, n);
        }
        std::printf("%-9s %s: %d passed, %d failed, largest error %.0f %% of its bound\n",
                    set == InstructionSet::automatic ? "automatic" : "", kernels->name,
                    tally.passed, tally.failed, 100 * tally.worst);
        total.passed += tally.passed;
        total.failed += tally.failed;
    }
    std::printf("%d passed, %d failed\n", total.passed, total.failed);
    return total.failed == 0 ? 0 : 1;
}
