#include "graph/rotation.hpp"

#include <bit>

#include <gtest/gtest.h>

#include "graph/support.hpp"

namespace pgmind::graph::test {
namespace {

constexpr std::size_t all_dims[] = {1,   2,   3,   25,  127,  128,  129,  255,  256,  300,
                                    384, 512, 784, 960, 1000, 1008, 1536, 2047, 4000, 16000};

TEST(Rotation, AddsFewDimensions) {
    EXPECT_EQ(rotated_dims(1), 128U);
    EXPECT_EQ(rotated_dims(128), 128U);
    EXPECT_EQ(rotated_dims(129), 144U);
    EXPECT_EQ(rotated_dims(784), 784U);
    EXPECT_EQ(rotated_dims(16000), 16000U);
}

TEST(Rotation, KeepsLengthsAndProducts) {
    Random random;
    for (const std::size_t dims : all_dims) {
        const Vector a = random.normals(dims);
        const Vector b = random.normals(dims, 1, 0.5F);
        const double size = std::sqrt(product(a, a) * product(b, b));
        EXPECT_NEAR(product(rotated(a), rotated(b)), product(a, b), 2e-6 * size) << dims;
        EXPECT_NEAR(product(rotated(a), rotated(a)), product(a, a), 2e-6 * product(a, a)) << dims;
    }
}

// Whatever single dimension carries a vector, afterwards none carries much, and each half of the
// dimensions carries about half.
TEST(Rotation, SpreadsEverySingleDimension) {
    for (const std::size_t dims : all_dims) {
        const std::size_t step = dims < 1024 ? 1 : 97;
        for (std::size_t i = 0; i < dims; i += step) {
            Vector unit(dims);
            unit[i] = 1;
            const Vector spread = rotated(unit);
            double largest = 0;
            double first_half = 0;
            for (std::size_t at = 0; at < spread.size(); ++at) {
                const double value = spread[at];
                largest = std::fmax(largest, std::fabs(value));
                first_half += at < spread.size() / 2 ? value * value : 0;
            }
            // A normal value passes six deviations once in 5e8.
            EXPECT_LT(largest, 6 / std::sqrt(static_cast<double>(spread.size()))) << dims;
            EXPECT_NEAR(first_half, 0.5, 6 / std::sqrt(2.0 * static_cast<double>(spread.size())))
                << dims << " dimensions, from " << i;
        }
    }
}

TEST(Rotation, DiffersBySeed) {
    const Vector in(300, 1.0F);
    Vector a(rotated_dims(300));
    Vector b(rotated_dims(300));
    rotate(1, in.data(), in.size(), a.data());
    rotate(2, in.data(), in.size(), b.data());
    EXPECT_LT(std::fabs(product(a, b)), 0.3 * product(a, a));
}

// An index outlives the library that wrote it: these bits must never change.
TEST(Rotation, IsBitwiseFixed) {
    for (const auto& [dims, expected] :
         {std::pair<std::size_t, std::uint64_t>{3, 15200107187891043954U},
          {784, 15551474763784075804U},
          {1024, 8705235897037945021U},
          {4000, 9171641155656066075U}}) {
        Random random(7);
        std::uint64_t hash = 14695981039346656037U;
        for (const float value : rotated(random.normals(dims))) {
            hash = (hash ^ std::bit_cast<std::uint32_t>(value)) * 1099511628211U;
        }
        EXPECT_EQ(hash, expected) << dims;
    }
}

}  // namespace
}  // namespace pgmind::graph::test
