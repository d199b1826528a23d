// Compiled without contraction to fused multiply-add (build.mk): see rotation.hpp.

#include "graph/rotation.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "graph/kernels.hpp"

namespace pgmind::graph {
namespace {

constexpr std::size_t dims_step = 16;
constexpr std::size_t dims_least = 128;
constexpr int passes_of_power_of_two = 3;
constexpr int passes_of_others = 4;
constexpr std::size_t signs_per_word = 64;
constexpr std::size_t words_at_once = 16;

// The finaliser of SplitMix64: every bit of the result depends on every bit of the input.
std::uint64_t mixed(std::uint64_t value) {
    value += 0x9E3779B97F4A7C15U;
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9U;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EBU;
    return value ^ (value >> 31);
}

void flip_signs(std::uint64_t seed, float* values, std::size_t dims) {
    std::uint64_t signs[words_at_once];
    for (std::size_t start = 0; start < dims; start += words_at_once * signs_per_word) {
        const std::size_t count = std::min(words_at_once * signs_per_word, dims - start);
        for (std::size_t i = 0; i < count; i += signs_per_word) {
            signs[i / signs_per_word] = mixed(seed + start + i);
        }
        active_kernels().flip_signs(values + start, count, signs);
    }
}

}  // namespace

std::size_t rotated_dims(std::size_t dims) {
    return std::max(dims_least, (dims + dims_step - 1) / dims_step * dims_step);
}

void rotate(std::uint64_t seed, const float* in, std::size_t dims, float* out) {
    const Kernels& kernels = active_kernels();
    const std::size_t all = rotated_dims(dims);
    const std::size_t window = std::bit_floor(all);
    const auto window_scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(window)));
    std::memcpy(out, in, dims * sizeof(float));
    std::fill(out + dims, out + all, 0.0F);
    const int passes = all == window ? passes_of_power_of_two : passes_of_others;
    for (int pass = 0; pass < passes; ++pass) {
        flip_signs(mixed(seed + static_cast<std::uint64_t>(pass)), out, all);
        const bool is_last_window = pass % 2 == 1;
        kernels.hadamard(is_last_window ? out + (all - window) : out, window, window_scale);
        if (is_last_window && all != window) {
            kernels.mix_halves(out, all / 2);
        }
    }
}

}  // namespace pgmind::graph
