#pragma once

#include <string_view>

#include "base/result.hpp"

namespace pgmind::security {

inline constexpr std::size_t kPasswordBytesMin = 12;
inline constexpr std::size_t kPasswordBytesMax = 1'024;

/// For a password that is to be set: 12 to 1,024 bytes of UTF-8 without control characters, not the
/// principal's name over and over, and more than three different characters. No rules of
/// composition: they make passwords alike. invalid_argument says which rule it breaks.
Result<void> validate_password(std::string_view principal_name, std::string_view password);

}  // namespace pgmind::security
