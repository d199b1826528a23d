#include "client/api_error.hpp"

#include <array>

#include "client/json_node.hpp"
#include "output/text.hpp"

namespace pgmind::app {
namespace {

// A code for each Failure, so that an answer of a server keeps its kind.
class ClientCategory final : public std::error_category {
  public:
    const char* name() const noexcept override { return "pgmind.client"; }
    std::string message(int value) const override {
        return std::string(name_of(static_cast<Failure>(value)));
    }
    std::error_condition default_error_condition(int value) const noexcept override {
        return make_error_condition(static_cast<Failure>(value));
    }
};

const ClientCategory kClientCategory;

constexpr std::array kFailures = {
    Failure::invalid_argument,   Failure::not_found,         Failure::already_exists,
    Failure::version_conflict,   Failure::unauthenticated,   Failure::permission_denied,
    Failure::resource_exhausted, Failure::payload_too_large, Failure::unavailable,
    Failure::deadline_exceeded,  Failure::outcome_unknown,   Failure::not_supported,
    Failure::internal,
};

Failure failure_of(unsigned status) {
    switch (status) {
        case 401:
            return Failure::unauthenticated;
        case 403:
            return Failure::permission_denied;
        case 404:
        case 410:
            return Failure::not_found;
        case 409:
            return Failure::already_exists;
        case 412:
            return Failure::version_conflict;
        case 413:
            return Failure::payload_too_large;
        case 429:
            return Failure::resource_exhausted;
        case 501:
            return Failure::not_supported;
        case 502:
        case 503:
            return Failure::unavailable;
        case 408:
        case 504:
            return Failure::deadline_exceeded;
        default:
            return status < 500 ? Failure::invalid_argument : Failure::internal;
    }
}

// A problem's type names its failure more exactly than the status does.
Failure failure_of(unsigned status, std::string_view type) {
    constexpr std::string_view kPrefix = "urn:pgmind:problem:";
    if (type.starts_with(kPrefix)) {
        type.remove_prefix(kPrefix.size());
        for (const Failure failure : kFailures) {
            if (name_of(failure) == type) {
                return failure;
            }
        }
    }
    return failure_of(status);
}

}  // namespace

Error client_error(Failure failure, std::string detail) {
    return Error(std::error_code(static_cast<int>(failure), kClientCategory), std::move(detail));
}

Error error_of_problem(unsigned status, std::string_view body) {
    Error error = client_error(failure_of(status), "the server answered " + std::to_string(status));
    const auto value = json::parse(body, kJsonLimits);
    if (!value) {
        return error;
    }
    const JsonNode problem(*value);
    error = client_error(failure_of(status, problem["type"].text()), std::move(error.detail));
    if (std::string detail = problem["detail"].text(); !detail.empty()) {
        error.detail = std::move(detail);
    } else if (std::string title = problem["title"].text(); !title.empty()) {
        error.detail = std::move(title);
    }
    error.field = problem["field"].text();
    error.reason = problem["reason"].text();
    if (const JsonNode stored = problem["progress"]["stored"]) {
        const std::int64_t count = stored.integer();
        error.detail += count == 0 ? "; nothing was stored"
                                   : "; " + human_count(count, "entry", "entries") + " before it " +
                                         (count == 1 ? "was" : "were") + " stored";
    }
    if (const std::string id = problem["request_id"].text(); status >= 500 && !id.empty()) {
        error.detail += "; request " + id;
    }
    return error;
}

}  // namespace pgmind::app
