#pragma once

#include <cstddef>

// The distances summed in double: what the tests compare with, and what distance.cpp falls back
// on for values whose squares leave the range of float.
namespace pgmind::reference {

inline double l2_squared(const float* a, const float* b, std::size_t n) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
        sum += difference * difference;
    }
    return sum;
}

inline double inner_product(const float* a, const float* b, std::size_t n) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
        sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    }
    return sum;
}

}  // namespace pgmind::reference
