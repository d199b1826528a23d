#include "integration/adapters/problem.hpp"

#include <array>

#include "platform/json/writer.hpp"

namespace pgmind::integration {
namespace {

struct FailureStatus {
    Failure failure;
    unsigned status;
    std::string_view title;
};

constexpr std::array kStatuses = {
    FailureStatus{Failure::invalid_argument, 400, "The request is not valid"},
    FailureStatus{Failure::not_found, 404, "There is no such thing"},
    FailureStatus{Failure::already_exists, 409, "It exists already"},
    FailureStatus{Failure::version_conflict, 412, "It has changed meanwhile"},
    FailureStatus{Failure::unauthenticated, 401, "A valid key is needed"},
    FailureStatus{Failure::permission_denied, 403, "Not allowed"},
    FailureStatus{Failure::resource_exhausted, 429, "Too much at once"},
    FailureStatus{Failure::payload_too_large, 413, "The request is too large"},
    FailureStatus{Failure::unavailable, 503, "Cannot be served now"},
    FailureStatus{Failure::deadline_exceeded, 504, "Not done in time"},
    FailureStatus{Failure::outcome_unknown, 504, "It may or may not have been done"},
    FailureStatus{Failure::not_supported, 501, "Not offered here"},
    FailureStatus{Failure::internal, 500, "Something is wrong on the server"},
};

constexpr std::string_view kInternalDetail =
    "the cause is in the server's log, under this request id";

}  // namespace

Problem problem_of(const Error& error) {
    const Failure failure = error.failure();
    Problem problem;
    problem.name = name_of(failure);
    for (const FailureStatus& row : kStatuses) {
        if (row.failure == failure) {
            problem.status = row.status;
            problem.title = row.title;
        }
    }
    if (failure == Failure::internal) {
        problem.detail = kInternalDetail;
        return problem;
    }
    problem.detail = error.detail;
    problem.field = error.field;
    problem.reason = error.reason;
    return problem;
}

std::string to_json(const Problem& problem, const RequestId& request_id,
                    std::string_view extra_members) {
    std::string out;
    json::ObjectWriter object(out);
    object.string("type", "urn:pgmind:problem:" + problem.name)
        .string("title", problem.title)
        .number("status", static_cast<std::int64_t>(problem.status))
        .string("detail", problem.detail);
    if (!problem.field.empty()) {
        object.string("field", problem.field);
    }
    if (!problem.reason.empty()) {
        object.string("reason", problem.reason);
    }
    object.string("request_id", request_id.value());
    out += extra_members;
    object.end();
    return out;
}

http::Response to_response(const Problem& problem, const RequestId& request_id) {
    http::Response response;
    response.status = problem.status;
    response.headers.add("Content-Type", "application/problem+json");
    if (problem.status == 401) {
        response.headers.add("WWW-Authenticate", "Bearer realm=\"pgmind\"");
    }
    if (problem.status == 429 || problem.status == 503) {
        response.headers.add("Retry-After", "1");
    }
    response.body = to_json(problem, request_id, "");
    return response;
}

}  // namespace pgmind::integration
