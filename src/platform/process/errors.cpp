#include "platform/process/errors.hpp"

#include <cerrno>
#include <cstring>

namespace pgmind::process {
namespace {

Failure failure_of(Errc code) {
    switch (code) {
        case Errc::not_found:
            return Failure::not_found;
        case Errc::not_permitted:
            return Failure::permission_denied;
        case Errc::no_space:
            return Failure::resource_exhausted;
        case Errc::in_use:
            return Failure::already_exists;
        case Errc::deadline_exceeded:
            return Failure::deadline_exceeded;
        case Errc::failed:
            break;
    }
    return Failure::internal;
}

class ProcessCategory final : public std::error_category {
  public:
    const char* name() const noexcept override { return "pgmind.process"; }
    std::string message(int value) const override {
        return std::string(name_of(failure_of(static_cast<Errc>(value))));
    }
    std::error_condition default_error_condition(int value) const noexcept override {
        return make_error_condition(failure_of(static_cast<Errc>(value)));
    }
};

const ProcessCategory kProcessCategory;

Errc code_of(int number) {
    switch (number) {
        case ENOENT:
        case ESRCH:
            return Errc::not_found;
        case EACCES:
        case EPERM:
        case EROFS:
            return Errc::not_permitted;
        case ENOSPC:
        case EDQUOT:
            return Errc::no_space;
        case EADDRINUSE:
        case EEXIST:
        case EWOULDBLOCK:
            return Errc::in_use;
        default:
            return Errc::failed;
    }
}

}  // namespace

std::error_code make_error_code(Errc code) {
    return {static_cast<int>(code), kProcessCategory};
}

Error system_error(const std::string& doing, int number) {
    Error error(code_of(number),
                "cannot " + doing + ": " + std::generic_category().message(number));
    const char* name = strerrorname_np(number);
    error.reason = name == nullptr ? std::to_string(number) : name;
    return error;
}

}  // namespace pgmind::process
