#pragma once

#include <system_error>

#include "base/error.hpp"

namespace pgmind::intelligence {

/// Failures of the Intelligence context.
enum class IntelligenceErrc {
    no_embedder = 1,     ///< not_supported: text cannot become a vector here
    embedder_failed,     ///< unavailable: the service refused or could not be reached
    embedder_misbehaved  ///< unavailable: the service answered with something else than vectors
};
std::error_code make_error_code(IntelligenceErrc code);

}  // namespace pgmind::intelligence

template <>
struct std::is_error_code_enum<pgmind::intelligence::IntelligenceErrc> : std::true_type {};
