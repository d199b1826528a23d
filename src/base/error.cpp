#include "base/error.hpp"

#include <array>
#include <utility>

namespace pgmind {
namespace {

constexpr std::array kFailureNames = {
    std::string_view("none"),
    std::string_view("invalid_argument"),
    std::string_view("not_found"),
    std::string_view("already_exists"),
    std::string_view("version_conflict"),
    std::string_view("unauthenticated"),
    std::string_view("permission_denied"),
    std::string_view("resource_exhausted"),
    std::string_view("payload_too_large"),
    std::string_view("unavailable"),
    std::string_view("deadline_exceeded"),
    std::string_view("outcome_unknown"),
    std::string_view("not_supported"),
    std::string_view("internal"),
};

class FailureCategory final : public std::error_category {
  public:
    const char* name() const noexcept override { return "pgmind.failure"; }
    std::string message(int value) const override {
        return std::string(name_of(static_cast<Failure>(value)));
    }
};

const FailureCategory kFailureCategory;

class BaseCategory final : public std::error_category {
  public:
    const char* name() const noexcept override { return "pgmind.base"; }
    std::string message(int value) const override {
        return std::string(name_of(condition_of(static_cast<BaseErrc>(value))));
    }
    std::error_condition default_error_condition(int value) const noexcept override {
        return make_error_condition(condition_of(static_cast<BaseErrc>(value)));
    }

  private:
    static Failure condition_of(BaseErrc code) {
        switch (code) {
            case BaseErrc::invalid_argument:
                return Failure::invalid_argument;
            case BaseErrc::unavailable:
            case BaseErrc::cancelled:
                return Failure::unavailable;
            case BaseErrc::deadline_exceeded:
                return Failure::deadline_exceeded;
            case BaseErrc::internal:
                break;
        }
        return Failure::internal;
    }
};

const BaseCategory kBaseCategory;

}  // namespace

std::error_condition make_error_condition(Failure failure) {
    return {static_cast<int>(failure), kFailureCategory};
}

std::string_view name_of(Failure failure) {
    const auto index = static_cast<std::size_t>(failure);
    return index < kFailureNames.size() ? kFailureNames[index] : "internal";
}

std::error_code make_error_code(BaseErrc code) {
    return {static_cast<int>(code), kBaseCategory};
}

Failure Error::failure() const {
    const std::error_condition condition = code.default_error_condition();
    if (condition.category() == kFailureCategory) {
        return static_cast<Failure>(condition.value());
    }
    return Failure::internal;
}

Error invalid_argument(std::string field, std::string detail) {
    return Error(BaseErrc::invalid_argument, std::move(detail), std::move(field));
}

}  // namespace pgmind
