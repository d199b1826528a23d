#include "cluster/api/errors.hpp"

#include <string>

namespace pgmind::cluster {
namespace {

Failure failure_of(Errc code) {
    switch (code) {
        case Errc::invalid_request:
        case Errc::foreign_directory:
            return Failure::invalid_argument;
        case Errc::directory_in_use:
        case Errc::port_in_use:
            return Failure::already_exists;
        case Errc::directory_unusable:
        case Errc::privilege_missing:
            return Failure::permission_denied;
        case Errc::version_mismatch:
        case Errc::not_installed:
        case Errc::not_offered:
            return Failure::not_supported;
        case Errc::disk_full:
            return Failure::resource_exhausted;
        case Errc::node_failed:
        case Errc::cancelled:
            return Failure::unavailable;
        case Errc::deadline_exceeded:
            return Failure::deadline_exceeded;
        case Errc::broken_state:
            break;
    }
    return Failure::internal;
}

class ClusterCategory final : public std::error_category {
  public:
    const char* name() const noexcept override { return "pgmind.cluster"; }
    std::string message(int value) const override {
        return std::string(name_of(failure_of(static_cast<Errc>(value))));
    }
    std::error_condition default_error_condition(int value) const noexcept override {
        return make_error_condition(failure_of(static_cast<Errc>(value)));
    }
};

const ClusterCategory kClusterCategory;

}  // namespace

std::error_code make_error_code(Errc code) {
    return {static_cast<int>(code), kClusterCategory};
}

}  // namespace pgmind::cluster
