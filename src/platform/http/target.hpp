#pragma once

#include <string_view>

#include "base/result.hpp"
#include "platform/http/message.hpp"

namespace pgmind::http {

inline constexpr std::size_t kSegmentsMax = 64;
inline constexpr std::size_t kQueryParametersMax = 256;

/// Fills path, segments and query of `head` from a request-target (RFC 9112 section 3.2): the
/// origin form, the absolute form (its authority must equal the Host field already in `head`), or
/// `*`. Fails with Errc::malformed and a sentence that says what is wrong. Pure.
Result<void> parse_target(std::string_view target, RequestHead& head);

}  // namespace pgmind::http
