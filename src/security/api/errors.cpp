#include "security/api/errors.hpp"

#include <string>

namespace pgmind::security {
namespace {

class Category final : public std::error_category {
  public:
    const char* name() const noexcept override { return "security"; }

    std::string message(int value) const override {
        switch (static_cast<Errc>(value)) {
            case Errc::unauthenticated:
                return "not authenticated";
            case Errc::permission_denied:
                return "permission denied";
            case Errc::directory_stale:
                return "permissions could not be confirmed";
            case Errc::audit_unavailable:
                return "the audit log is unavailable";
            case Errc::principal_not_found:
                return "no such principal";
            case Errc::principal_exists:
                return "the principal exists";
            case Errc::key_not_found:
                return "no such key";
            case Errc::last_administrator:
                return "the last administrator";
            case Errc::limit_reached:
                return "limit reached";
            case Errc::concurrent_change:
                return "changed meanwhile";
            case Errc::not_the_primary:
                return "not the primary";
            case Errc::too_many_attempts:
                return "too many attempts";
            case Errc::hashing_busy:
                return "too many logins at once";
            case Errc::session_not_found:
                return "no such session";
            case Errc::key_unknown:
                return "the data key is not known here";
            case Errc::keys_destroyed:
                return "the data keys were destroyed";
            case Errc::keys_stale:
                return "data keys could not be confirmed";
            case Errc::kek_unusable:
                return "the key-encryption key cannot be used";
            case Errc::too_many_requests:
                return "too many requests";
            case Errc::sql_not_offered:
                return "no SQL logins here";
            case Errc::gateway_busy:
                return "too many requests on this gateway";
            case Errc::second_factor_exists:
                return "the second factor exists";
            case Errc::second_factor_not_found:
                return "no second factor";
            case Errc::provider_unreachable:
                return "identity provider out of reach";
        }
        return "unknown";
    }

    std::error_condition default_error_condition(int value) const noexcept override {
        switch (static_cast<Errc>(value)) {
            case Errc::sql_not_offered:
                return Failure::not_supported;
            case Errc::unauthenticated:
                return Failure::unauthenticated;
            case Errc::permission_denied:
                return Failure::permission_denied;
            case Errc::directory_stale:
            case Errc::audit_unavailable:
            case Errc::concurrent_change:
            case Errc::not_the_primary:
            case Errc::hashing_busy:
            case Errc::key_unknown:
            case Errc::keys_stale:
            case Errc::kek_unusable:
            case Errc::gateway_busy:
            case Errc::provider_unreachable:
                return Failure::unavailable;
            case Errc::principal_not_found:
            case Errc::key_not_found:
            case Errc::session_not_found:
            case Errc::keys_destroyed:
            case Errc::second_factor_not_found:
                return Failure::not_found;
            case Errc::principal_exists:
            case Errc::second_factor_exists:
                return Failure::already_exists;
            case Errc::last_administrator:
                return Failure::invalid_argument;
            case Errc::limit_reached:
            case Errc::too_many_attempts:
            case Errc::too_many_requests:
                return Failure::resource_exhausted;
        }
        return Failure::internal;
    }
};

}  // namespace

std::error_code make_error_code(Errc code) {
    static const Category category;
    return {static_cast<int>(code), category};
}

}  // namespace pgmind::security
