#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "graph/rotation.hpp"

// What the tests of the index's algorithms share.
namespace pgmind::graph::test {

using Vector = std::vector<float>;

inline constexpr std::uint64_t seed = 42;

// A small generator of its own, so that every platform tests the same numbers.
class Random {
  public:
    explicit Random(std::uint64_t start = 20261123) : state_(start) {}

    std::uint64_t next() {
        state_ = state_ * 6364136223846793005U + 1442695040888963407U;
        return state_ >> 20;
    }
    std::size_t below(std::size_t limit) { return next() % limit; }
    // In [0, 1).
    double uniform() { return static_cast<double>(next() & 0xFFFFFFFFU) / 4294967296.0; }
    // Normal, by the sum of twelve.
    float normal() {
        double sum = -6;
        for (int i = 0; i < 12; ++i) {
            sum += uniform();
        }
        return static_cast<float>(sum);
    }
    Vector normals(std::size_t dims, float scale = 1, float offset = 0) {
        Vector result(dims);
        for (float& value : result) {
            value = normal() * scale + offset;
        }
        return result;
    }

  private:
    std::uint64_t state_;
};

inline Vector rotated(const Vector& in) {
    Vector out(rotated_dims(in.size()));
    rotate(seed, in.data(), in.size(), out.data());
    return out;
}

inline double product(const Vector& a, const Vector& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    }
    return sum;
}

inline double squared_distance(const Vector& a, const Vector& b) {
    return product(a, a) + product(b, b) - 2 * product(a, b);
}

}  // namespace pgmind::graph::test
