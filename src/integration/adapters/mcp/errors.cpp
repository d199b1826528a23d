#include "integration/adapters/mcp/errors.hpp"

#include <utility>

namespace pgmind::integration::mcp {
namespace {

struct Form {
    int code;
    unsigned http_status;
};

Form form_of(Failure failure) {
    switch (failure) {
        case Failure::unauthenticated:
            return {code::unauthenticated, 401};
        case Failure::permission_denied:
            return {code::permission_denied, 403};
        case Failure::resource_exhausted:
            return {code::overloaded, 200};
        case Failure::unavailable:
        case Failure::deadline_exceeded:
        case Failure::outcome_unknown:
            return {code::unavailable, 200};
        case Failure::internal:
            return {code::internal_error, 200};
        case Failure::invalid_argument:
        case Failure::not_found:
        case Failure::already_exists:
        case Failure::version_conflict:
        case Failure::payload_too_large:
        case Failure::not_supported:
            break;
    }
    return {code::invalid_params, 200};
}

}  // namespace

ProtocolError invalid_params(std::string message) {
    return ProtocolError{code::invalid_params, std::move(message)};
}

std::string describe(const Error& error) {
    std::string text(name_of(error.failure()));
    if (error.is(Failure::internal)) {
        return text + ": the server met an internal error; its log says more";
    }
    if (!error.field.empty()) {
        text += ": " + error.field;
    }
    return text + ": " + error.detail;
}

ProtocolError to_protocol_error(const Error& error) {
    const Form form = form_of(error.failure());
    ProtocolError result{form.code, describe(error), {}, form.http_status};
    result.outcome = name_of(error.failure());
    if (!error.field.empty()) {
        result.data = FieldData{error.field};
    }
    return result;
}

}  // namespace pgmind::integration::mcp
