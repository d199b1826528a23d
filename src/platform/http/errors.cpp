#include "platform/http/errors.hpp"

#include <string>

#include "base/error.hpp"

namespace pgmind::http {
namespace {

class Category final : public std::error_category {
  public:
    const char* name() const noexcept override { return "pgmind.http"; }

    std::string message(int value) const override {
        return std::string(name_of(failure_of(static_cast<Errc>(value))));
    }

    std::error_condition default_error_condition(int value) const noexcept override {
        return make_error_condition(failure_of(static_cast<Errc>(value)));
    }

  private:
    static Failure failure_of(Errc code) {
        switch (code) {
            case Errc::closed:
            case Errc::bad_response:
            case Errc::tls_failed:
                return Failure::unavailable;
            case Errc::timed_out:
                return Failure::deadline_exceeded;
            case Errc::malformed:
            case Errc::invalid_options:
                return Failure::invalid_argument;
            case Errc::payload_too_large:
                return Failure::payload_too_large;
            case Errc::outcome_unknown:
                return Failure::outcome_unknown;
            case Errc::misuse:
                break;
        }
        return Failure::internal;
    }
};

const Category kCategory;

}  // namespace

std::error_code make_error_code(Errc code) {
    return {static_cast<int>(code), kCategory};
}

}  // namespace pgmind::http
