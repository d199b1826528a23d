#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "security/api/principal.hpp"

namespace pgmind::security {

inline constexpr std::size_t kPrincipalNameMax = 64;
inline constexpr std::size_t kPatternBytesMax = 512;
inline constexpr std::size_t kPatternStarsMax = 8;         ///< bounds the cost of matching
inline constexpr std::size_t kGrantsMax = 64;              ///< of one principal
inline constexpr std::uint32_t kGrantRateMax = 1'000'000;  ///< requests a second
inline constexpr std::uint32_t kGrantConcurrencyMax = 100'000;
inline constexpr std::size_t kLabelBytesMax = 128;
inline constexpr std::chrono::seconds kTtlMax = std::chrono::hours(24 * 3660);

// Each fails with invalid_argument that names the field and its limit.

/// 1 to 64 of a-z 0-9 . _ - @, beginning with a letter or digit: safe in URLs, logs and
/// terminals, and no two names look alike.
Result<void> validate_principal_name(std::string_view name);
Result<void> validate_grants(const std::vector<Grant>& grants);
Result<void> validate_label(std::string_view label);
Result<void> validate_ttl(std::optional<std::chrono::seconds> ttl);

}  // namespace pgmind::security
