#pragma once

#include <array>
#include <cstdint>
#include <random>

#include "platform/crypto/crypto.hpp"

namespace pgmind::postgres {

/// Random numbers that keep many clients from reconnecting in step.
class Jitter {
  public:
    Jitter() {
        std::array<std::uint8_t, 4> seed{};
        crypto::fill_random(seed);
        random_.seed((std::uint32_t{seed[0]} << 24) | (std::uint32_t{seed[1]} << 16) |
                     (std::uint32_t{seed[2]} << 8) | seed[3]);
    }

    /// In [0, 1).
    double next() { return std::uniform_real_distribution<double>(0.0, 1.0)(random_); }

  private:
    std::minstd_rand random_;
};

}  // namespace pgmind::postgres
