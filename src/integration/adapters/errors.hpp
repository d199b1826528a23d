#pragma once

#include <system_error>

namespace pgmind::integration {

/// What only the edge of an HTTP protocol can find wrong.
enum class Errc {
    route_not_found = 1,
    method_not_allowed,
    unsupported_media_type,
    precondition_failed,
    forbidden_origin,
    misdirected_host,
    idempotency_key_reused,
    destroyed,
    secrets_not_offered
};

std::error_code make_error_code(Errc code);

}  // namespace pgmind::integration

template <>
struct std::is_error_code_enum<pgmind::integration::Errc> : std::true_type {};
