#include "integration/adapters/problem.hpp"

#include <algorithm>
#include <array>

#include "platform/json/writer.hpp"
#include "security/api/encryption.hpp"

namespace pgmind::integration {
namespace {

struct FailureStatus {
    Failure failure;
    unsigned status;
    std::string_view title;
};

constexpr std::array kFailures = {
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

// What HTTP can say more exactly than a Failure can.
struct EdgeStatus {
    Errc code;
    unsigned status;
    Failure failure;
    std::string_view name;
    std::string_view title;
};

constexpr std::array kEdge = {
    EdgeStatus{Errc::route_not_found, 404, Failure::not_found, "not_found",
               "There is no such thing"},
    EdgeStatus{Errc::method_not_allowed, 405, Failure::invalid_argument, "method_not_allowed",
               "The method is not offered here"},
    EdgeStatus{Errc::unsupported_media_type, 415, Failure::invalid_argument,
               "unsupported_media_type", "The body is of another form than is read here"},
    EdgeStatus{Errc::precondition_failed, 412, Failure::version_conflict, "precondition_failed",
               "A condition of the request does not hold"},
    EdgeStatus{Errc::forbidden_origin, 403, Failure::permission_denied, "forbidden_origin",
               "Pages of that origin may not call"},
    EdgeStatus{Errc::misdirected_host, 421, Failure::invalid_argument, "misdirected_host",
               "This server does not go by that name"},
    EdgeStatus{Errc::idempotency_key_reused, 422, Failure::invalid_argument,
               "idempotency_key_reused", "The idempotency key belongs to another request"},
    EdgeStatus{Errc::destroyed, 410, Failure::not_found, "destroyed",
               "Its keys were destroyed: it cannot be read any more"},
    EdgeStatus{Errc::secrets_not_offered, 501, Failure::not_supported, "not_supported",
               "Not offered here"},
};

constexpr std::string_view kInternalDetail =
    "the cause is in the server's log, under this request id";

class Category final : public std::error_category {
  public:
    const char* name() const noexcept override { return "pgmind.integration"; }
    std::string message(int value) const override { return std::string(row(value).title); }
    std::error_condition default_error_condition(int value) const noexcept override {
        return make_error_condition(row(value).failure);
    }
    static const EdgeStatus& row(int value) {
        return kEdge[static_cast<std::size_t>(value - 1) % kEdge.size()];
    }
};

const Category kCategory;

}  // namespace

std::error_code make_error_code(Errc code) {
    return {static_cast<int>(code), kCategory};
}

Problem problem_of(const Error& error) {
    Problem problem;
    if (error.reason == security::kKeyDestroyed && error.code.category() != kCategory) {
        return problem_of(Error(Errc::destroyed, error.detail, error.field));
    }
    const Failure failure = error.failure();
    if (error.code.category() == kCategory) {
        const EdgeStatus& row = Category::row(error.code.value());
        problem.status = row.status;
        problem.name = row.name;
        problem.title = row.title;
    } else {
        problem.name = name_of(failure);
        for (const FailureStatus& row : kFailures) {
            if (row.failure == failure) {
                problem.status = row.status;
                problem.title = row.title;
            }
        }
    }
    if (failure == Failure::internal) {
        problem.detail = kInternalDetail;
        return problem;
    }
    problem.detail = error.detail;
    problem.field = error.field;
    problem.reason = error.reason;
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(error.retry_after);
    problem.retry_after = std::max(seconds, std::chrono::seconds(1));
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
        response.headers.add("Retry-After", std::to_string(problem.retry_after.count()));
    }
    response.body = to_json(problem, request_id, "");
    return response;
}

}  // namespace pgmind::integration
