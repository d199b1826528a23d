#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/error.hpp"

namespace pgmind::security {

/// What the caller's token bucket holds, for the RateLimit fields of an answer.
struct RateState {
    std::uint32_t limit = 0;       ///< requests that a full bucket lets through at once
    std::uint32_t remaining = 0;   ///< that it would let through now
    std::chrono::seconds reset{};  ///< until it is full again
};

/// Whether a request may go on, as far as rates and concurrency are concerned.
struct Admittance {
    /// resource_exhausted (the caller's rate or concurrency) or unavailable (the gateway's), with
    /// retry_after; nullopt when the request may go on.
    std::optional<Error> refusal = {};
    std::optional<RateState> rate = {};  ///< nullopt where no rate is set
    /// The place that the request takes while it runs: given back when the last copy goes.
    std::shared_ptr<const void> permit = {};
};

}  // namespace pgmind::security
