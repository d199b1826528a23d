#pragma once

#include <system_error>

namespace pgmind::http {

/// Why a call on an Exchange or a Client failed. The category maps each to a Failure.
enum class Errc {
    closed = 1,         ///< the peer went away, or could not be reached (unavailable)
    timed_out,          ///< the peer was too slow (deadline_exceeded)
    malformed,          ///< what the peer sent is not HTTP, or not gzip (invalid_argument)
    payload_too_large,  ///< a body is longer than allowed (payload_too_large)
    bad_response,       ///< a server's answer is not HTTP, or too long (unavailable)
    tls_failed,         ///< no handshake, or the certificate is not trusted (unavailable)
    outcome_unknown,    ///< sent, but the answer was lost (outcome_unknown)
    invalid_options,    ///< a URL, address, certificate or key that cannot be used
    misuse              ///< a call in the wrong order, or a header that cannot be sent (internal)
};

std::error_code make_error_code(Errc code);

}  // namespace pgmind::http

template <>
struct std::is_error_code_enum<pgmind::http::Errc> : std::true_type {};
