#pragma once

#include <system_error>

#include "base/error.hpp"

namespace pgmind::memory {

/// Failures of the Memory context; beside each, the Failure that it is for the other layers.
enum class Errc {
    entry_not_found = 1,     ///< not_found
    namespace_not_found,     ///< not_found
    key_taken,               ///< already_exists
    version_conflict,        ///< version_conflict
    wrong_dimensions,        ///< invalid_argument
    idempotency_key_reused,  ///< invalid_argument
    invalid_json,            ///< invalid_argument
    unknown_text_language,   ///< invalid_argument
    fixed_setting,           ///< invalid_argument: cannot change once entries depend on it
    too_large,               ///< payload_too_large
    import_refused,          ///< permission_denied: a line names a namespace outside the access
    sealing_differs,         ///< unavailable: reason is the name of the key that is wanted
    not_encrypted,           ///< invalid_argument: sealed, but for a namespace that is not
    encryption_not_offered,  ///< not_supported
    unexpected_answer        ///< internal: the database answered in another shape
};
std::error_code make_error_code(Errc code);

}  // namespace pgmind::memory

template <>
struct std::is_error_code_enum<pgmind::memory::Errc> : std::true_type {};
