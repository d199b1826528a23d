#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace pgmind {

/// What kind of failure an error is, whatever context it comes from. Each context has an errc enum
/// of its own whose category maps every code to one of these conditions; protocol adapters (HTTP,
/// MCP, SQLSTATE) translate conditions only and so never need to know another context's codes.
enum class Failure {
    invalid_argument = 1,  ///< the input is wrong; the same request will fail again
    not_found,
    already_exists,
    version_conflict,    ///< the entry changed meanwhile (If-Match)
    unauthenticated,     ///< no credentials, or wrong ones
    permission_denied,   ///< known caller, action not allowed
    resource_exhausted,  ///< a limit of the caller (rate, quota)
    payload_too_large,
    unavailable,        ///< cannot serve now; trying again later is right
    deadline_exceeded,  ///< not done in time; for writes the outcome may be unknown
    outcome_unknown,    ///< a write may or may not have happened: ask with the idempotency key
    not_supported,      ///< not configured or not offered here
    internal            ///< a bug or a broken invariant
};

std::error_condition make_error_condition(Failure failure);
std::string_view name_of(Failure failure);

/// The errors of base itself and of code that has no context.
enum class BaseErrc { invalid_argument = 1, internal, unavailable, deadline_exceeded, cancelled };
std::error_code make_error_code(BaseErrc code);

/// A failure as a value. `detail` is a sentence for a person; `field` names the input at fault (as
/// the caller wrote it, e.g. "metadata.tags[3]"), empty when none is; `reason` is a
/// machine-readable refinement (a SQLSTATE, an errno name), empty when there is none; `retry_after`
/// says when the same request may succeed, zero when nobody knows.
struct Error {
    std::error_code code;
    std::string detail;
    std::string field;
    std::string reason;
    std::chrono::milliseconds retry_after{};

    Error(std::error_code error_code, std::string error_detail)
        : code(error_code), detail(std::move(error_detail)) {}
    Error(std::error_code error_code, std::string error_detail, std::string error_field)
        : code(error_code), detail(std::move(error_detail)), field(std::move(error_field)) {}

    /// The condition this error's category maps its code to; Failure::internal when it maps to
    /// none.
    Failure failure() const;
    bool is(Failure kind) const { return failure() == kind; }
};

/// An input at fault: `field` names it, `detail` says the limit or the form that it breaks.
Error invalid_argument(std::string field, std::string detail);

}  // namespace pgmind

template <>
struct std::is_error_condition_enum<pgmind::Failure> : std::true_type {};
template <>
struct std::is_error_code_enum<pgmind::BaseErrc> : std::true_type {};
