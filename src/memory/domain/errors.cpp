#include "memory/domain/errors.hpp"

#include <string>

namespace pgmind::memory {
namespace {

class Category final : public std::error_category {
  public:
    const char* name() const noexcept override { return "pgmind.memory"; }

    std::string message(int value) const override {
        switch (static_cast<Errc>(value)) {
            case Errc::entry_not_found:
                return "there is no such entry";
            case Errc::namespace_not_found:
                return "there is no such namespace";
            case Errc::key_taken:
                return "the key is taken";
            case Errc::version_conflict:
                return "the entry is at another version";
            case Errc::wrong_dimensions:
                return "the vector has the wrong number of dimensions";
            case Errc::idempotency_key_reused:
                return "the idempotency key was used for another request";
            case Errc::invalid_json:
                return "PostgreSQL cannot hold this JSON";
            case Errc::unknown_text_language:
                return "there is no such text search configuration";
            case Errc::fixed_setting:
                return "the setting cannot change any more";
            case Errc::too_large:
                return "the input is too large";
            case Errc::import_refused:
                return "the import names a namespace that the caller may not write";
            case Errc::sealing_differs:
                return "the namespace is encrypted under another key";
            case Errc::not_encrypted:
                return "the namespace is not encrypted";
            case Errc::encryption_not_offered:
                return "encryption is not offered here";
            case Errc::unexpected_answer:
                break;
        }
        return "the database answered in an unexpected way";
    }

    std::error_condition default_error_condition(int value) const noexcept override {
        return make_error_condition(failure_of(static_cast<Errc>(value)));
    }

  private:
    static Failure failure_of(Errc code) {
        switch (code) {
            case Errc::entry_not_found:
            case Errc::namespace_not_found:
                return Failure::not_found;
            case Errc::key_taken:
                return Failure::already_exists;
            case Errc::version_conflict:
                return Failure::version_conflict;
            case Errc::wrong_dimensions:
            case Errc::idempotency_key_reused:
            case Errc::invalid_json:
            case Errc::unknown_text_language:
            case Errc::fixed_setting:
            case Errc::not_encrypted:
                return Failure::invalid_argument;
            case Errc::sealing_differs:
                return Failure::unavailable;
            case Errc::encryption_not_offered:
                return Failure::not_supported;
            case Errc::too_large:
                return Failure::payload_too_large;
            case Errc::import_refused:
                return Failure::permission_denied;
            case Errc::unexpected_answer:
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

}  // namespace pgmind::memory
