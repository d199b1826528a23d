#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/ids.hpp"
#include "integration/adapters/errors.hpp"
#include "platform/http/message.hpp"

namespace pgmind::integration {

/// An error as HTTP clients see it: problem details of RFC 9457, type "urn:pgmind:problem:NAME".
struct Problem {
    unsigned status = 500;
    std::string name;   ///< a Failure's name, or an Errc's
    std::string title;  ///< the same for every problem of that name
    std::string detail;
    std::string field;   ///< the input at fault; empty: left out
    std::string reason;  ///< machine-readable refinement; empty: left out
    /// Of 429 and 503: when to come again.
    std::chrono::seconds retry_after{1};
};

/// The one place where errors become statuses and titles. The detail of an internal error stays in
/// the log: it could show what is inside.
Problem problem_of(const Error& error);

/// `extra_members` is JSON text put before the closing brace, like `,"stored":5`; mostly empty.
std::string to_json(const Problem& problem, const RequestId& request_id,
                    std::string_view extra_members);

/// The problem as a response, with WWW-Authenticate on 401 and Retry-After on 429 and 503.
http::Response to_response(const Problem& problem, const RequestId& request_id);

}  // namespace pgmind::integration
