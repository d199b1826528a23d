// Every kernel gives the same bits as the scalar one, and reads no byte beyond what it was given.

#include "graph/kernels.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include <gtest/gtest.h>

#include "graph/codes.hpp"
#include "graph/rotation.hpp"
#include "graph/support.hpp"
#include "guarded_memory.hpp"

namespace pgmind::graph::test {
namespace {

class KernelsTest : public testing::TestWithParam<InstructionSet> {
  protected:
    void SetUp() override {
        kernels_ = find_graph_kernels(GetParam());
        if (kernels_ == nullptr) {
            GTEST_SKIP() << "this processor lacks the instruction set";
        }
    }

    const Kernels* kernels_ = nullptr;
    const Kernels& scalar_ = scalar_kernels;
    Random random_;
};

INSTANTIATE_TEST_SUITE_P(InstructionSets, KernelsTest,
                         testing::Values(InstructionSet::avx2, InstructionSet::avx512),
                         [](const testing::TestParamInfo<InstructionSet>& set) {
                             return set.param == InstructionSet::avx2 ? "avx2" : "avx512";
                         });

std::vector<std::uint32_t> bits(const float* values, std::size_t count) {
    std::vector<std::uint32_t> result(count);
    std::memcpy(result.data(), values, count * sizeof(float));
    return result;
}

// Room for `count` elements right before an unreadable page.
template <class T>
class Guarded {
  public:
    explicit Guarded(std::size_t count)
        : memory_(count * sizeof(T)), data_(static_cast<T*>(memory_.data())) {}
    T* data() { return data_; }

  private:
    GuardedMemory memory_;
    T* data_;
};

TEST_P(KernelsTest, TransformAlike) {
    for (std::size_t n = 128; n <= 8192; n *= 2) {
        const Vector in = random_.normals(n);
        Vector expected = in;
        scalar_.hadamard(expected.data(), n, 0.3F);
        Guarded<float> got(n);
        std::copy(in.begin(), in.end(), got.data());
        kernels_->hadamard(got.data(), n, 0.3F);
        EXPECT_EQ(bits(got.data(), n), bits(expected.data(), n)) << n;
    }
}

TEST_P(KernelsTest, MixAndFlipAlike) {
    for (std::size_t n = 16; n <= 1100; n += 16) {
        const Vector in = random_.normals(n);
        std::vector<std::uint64_t> signs(n / 64 + 1);
        for (std::uint64_t& word : signs) {
            word = random_.next() ^ (random_.next() << 32);
        }
        Vector expected = in;
        scalar_.flip_signs(expected.data(), n, signs.data());
        scalar_.mix_halves(expected.data(), n / 2);
        Guarded<float> got(n);
        std::copy(in.begin(), in.end(), got.data());
        kernels_->flip_signs(got.data(), n, signs.data());
        kernels_->mix_halves(got.data(), n / 2);
        EXPECT_EQ(bits(got.data(), n), bits(expected.data(), n)) << n;
    }
}

TEST_P(KernelsTest, RoundAlike) {
    for (std::size_t n = 16; n <= 1024; n += 16) {
        Guarded<float> query(n);
        Guarded<float> parent(n);
        for (std::size_t i = 0; i < n; ++i) {
            // Halves, so that ties are met, and others.
            const bool is_half = random_.below(2) == 0;
            query.data()[i] = is_half ? static_cast<float>(random_.below(253)) * 0.5F - 63
                                      : random_.normal() * 30;
            parent.data()[i] = is_half ? 0 : random_.normal();
        }
        const float largest = scalar_.largest_difference(query.data(), parent.data(), n);
        EXPECT_EQ(kernels_->largest_difference(query.data(), parent.data(), n), largest);
        for (const float scale : {127 / largest, std::min(1.0F, 127 / largest)}) {
            std::vector<std::int8_t> expected(n);
            Guarded<std::int8_t> got(n);
            const auto total =
                scalar_.round_differences(query.data(), parent.data(), n, scale, expected.data());
            EXPECT_EQ(
                kernels_->round_differences(query.data(), parent.data(), n, scale, got.data()),
                total);
            EXPECT_TRUE(std::equal(expected.begin(), expected.end(), got.data())) << n;
        }
    }
}

TEST_P(KernelsTest, MarkAlike) {
    for (std::size_t n = 16; n <= 1024; n += 16) {
        Guarded<float> parent(n);
        Guarded<float> child(n);
        for (std::size_t i = 0; i < n; ++i) {
            // Small integers, so that differences equal to the bound are common.
            parent.data()[i] = static_cast<float>(random_.below(4));
            child.data()[i] = static_cast<float>(random_.below(4));
        }
        for (const float bound : {0.0F, 1.0F, -1.0F, INFINITY}) {
            std::vector<std::uint64_t> expected((n + 63) / 64, 1);
            std::vector<std::uint64_t> got((n + 63) / 64, 2);
            scalar_.mark_above(parent.data(), child.data(), n, bound, expected.data());
            kernels_->mark_above(parent.data(), child.data(), n, bound, got.data());
            EXPECT_EQ(got, expected) << n;
        }
    }
}

TEST_P(KernelsTest, SumDifferencesAlike) {
    for (std::size_t n = 16; n <= 2048; n += 16) {
        Guarded<float> parent(n);
        Guarded<float> child(n);
        for (std::size_t i = 0; i < n; ++i) {
            parent.data()[i] = random_.normal();
            child.data()[i] = random_.normal();
        }
        EXPECT_EQ(kernels_->sum_squares(parent.data(), child.data(), n),
                  scalar_.sum_squares(parent.data(), child.data(), n));
        for (const float outer : {0.0F, 1.0F, INFINITY}) {
            EXPECT_EQ(kernels_->sum_levels(parent.data(), child.data(), n, outer),
                      scalar_.sum_levels(parent.data(), child.data(), n, outer))
                << n;
        }
    }
}

TEST_P(KernelsTest, SumAndCountAlike) {
    for (std::size_t words = 1; words <= code_bits_max / word_bits; ++words) {
        for (const std::size_t rows : {0U, 1U, 3U, 4U, 7U, 32U, 33U}) {
            QueryCode query = {};
            for (std::int8_t& value : query.values) {
                // The extremes are common, so that sums kept too narrow would overflow.
                constexpr int extremes[] = {127, -127};
                const std::size_t choice = random_.below(4);
                value = static_cast<std::int8_t>(
                    choice < 2 ? extremes[choice] : static_cast<int>(random_.below(255)) - 127);
            }
            Guarded<std::uint8_t> codes(rows * words * 8);
            const bool is_full = random_.below(3) == 0;
            for (std::size_t i = 0; i < rows * words * 8; ++i) {
                codes.data()[i] = static_cast<std::uint8_t>(is_full ? 0xFF : random_.below(256));
            }
            std::vector<std::int32_t> expected(rows);
            std::vector<std::int32_t> sums(rows);
            scalar_.sum_selected(query.values, codes.data(), words, rows, expected.data());
            kernels_->sum_selected(query.values, codes.data(), words, rows, sums.data());
            EXPECT_EQ(sums, expected) << words << " words, " << rows << " rows";

            std::vector<std::uint8_t> code(words * 8);
            for (std::uint8_t& byte : code) {
                byte = static_cast<std::uint8_t>(random_.below(256));
            }
            std::vector<std::uint32_t> expected_counts(rows);
            std::vector<std::uint32_t> counts(rows);
            scalar_.count_differing(code.data(), codes.data(), words, rows, expected_counts.data());
            kernels_->count_differing(code.data(), codes.data(), words, rows, counts.data());
            EXPECT_EQ(counts, expected_counts) << words << " words, " << rows << " rows";
        }
    }
}

// Sums that would not fit sixteen bits by halves: all bits set, all values extreme.
TEST_P(KernelsTest, SumTheExtremes) {
    for (const int value : {127, -127}) {
        QueryCode query = {};
        std::fill(std::begin(query.values), std::end(query.values),
                  static_cast<std::int8_t>(value));
        const std::vector<std::uint8_t> code(code_bits_max / 8, 0xFF);
        std::int32_t sum = 0;
        kernels_->sum_selected(query.values, code.data(), code_bits_max / word_bits, 1, &sum);
        EXPECT_EQ(sum, value * static_cast<int>(code_bits_max));
    }
}

TEST_P(KernelsTest, RotateAlike) {
    for (const std::size_t dims : {1U, 3U, 100U, 128U, 300U, 784U, 1000U, 1536U, 16000U}) {
        const Vector in = random_.normals(dims);
        use_kernels(InstructionSet::scalar);
        const Vector expected = rotated(in);
        use_kernels(GetParam());
        const Vector got = rotated(in);
        use_kernels(InstructionSet::automatic);
        EXPECT_EQ(bits(got.data(), got.size()), bits(expected.data(), expected.size())) << dims;
    }
}

}  // namespace
}  // namespace pgmind::graph::test
