#include "security/api/errors.hpp"
#include "security/api/events.hpp"
#include "security/app/audit_records.hpp"
#include "security/app/security_service.hpp"

namespace pgmind::security {

Error second_factor_needed() {
    Error error(Errc::permission_denied,
                "a second factor is needed: enrol one (pgmind auth mfa enrol), then log in again");
    error.reason = "second_factor_required";
    return error;
}

bool SecurityService::lacks_second_factor(const Directory& directory,
                                          const Principal& principal) const {
    if (principal.session_id.empty() || principal.second_factor) {
        return false;
    }
    const PrincipalDetails* details = directory.find_principal(principal.id);
    return details != nullptr && parts_.policy.asks_for_one(details->grants, parts_.clock.now());
}

// The newest grants of a principal, not those it was authenticated with; nullptr when it, its key
// or its session is not valid any more.
const std::vector<Grant>* SecurityService::grants_now(const Directory& directory,
                                                      const Principal& principal) const {
    const WallTime now = parts_.clock.now();
    if (!principal.session_id.empty() &&
        !parts_.sessions.usable(principal.session_id, now, parts_.clock.steady_now())) {
        return nullptr;
    }
    if (lacks_second_factor(directory, principal)) {
        return nullptr;
    }
    if (principal.valid_until && now >= *principal.valid_until) {
        return nullptr;
    }
    // Of principals from outside the directory knows nothing; their token said it all.
    return principal.provider.empty() ? directory.current_grants(principal, now)
                                      : &principal.grants;
}

Decision SecurityService::decide_now(const Directory& directory, const Principal& principal,
                                     Action action, const Resource& resource) const {
    const std::vector<Grant>* grants = grants_now(directory, principal);
    if (grants == nullptr && lacks_second_factor(directory, principal)) {
        return {false, "second factor needed"};
    }
    if (grants == nullptr) {
        return {false, "principal, key, session or token no longer valid"};
    }
    return decide(*grants, action, resource, parts_.clock.now());
}

Task<Result<void>> SecurityService::authorize(const RequestContext& request,
                                              PrincipalSnapshot principal, Action action,
                                              Resource resource) {
    if (principal == nullptr) {
        co_return fail(Errc::unauthenticated, "a valid API key is needed");
    }
    const auto directory = reader_.current(parts_.clock.steady_now());
    if (!directory) {
        co_return fail(directory.error());
    }
    const Decision decision = decide_now(**directory, *principal, action, resource);
    publish(request, principal->id,
            PermissionChecked{std::string(name_of(action)), text_of(resource), decision.allowed});
    if (decision.allowed) {
        co_return parts_.audit.admit();
    }
    publish(request, principal->id, SecurityViolationDetected{"denied"});
    const auto written =
        co_await write_denial(request, *principal, action, resource, decision.reason);
    if (!written) {
        co_return fail(written.error());
    }
    if (lacks_second_factor(**directory, *principal)) {
        co_return fail(second_factor_needed());
    }
    std::string detail = "'" + principal->name + "' may not " + std::string(name_of(action));
    detail += " " + std::string(name_of(resource.type));
    detail += resource.name.empty() ? "" : " of namespace '" + resource.name + "'";
    co_return fail(Errc::permission_denied, std::move(detail));
}

Task<Result<void>> SecurityService::write_denial(const RequestContext& request,
                                                 const Principal& principal, Action action,
                                                 const Resource& resource,
                                                 std::string_view reason) {
    AuditRecord record =
        denied_record(request, parts_.clock.now(), principal, action, resource, reason);
    const Deadline deadline = audit_deadline(request);
    auto written = co_await parts_.audit.write_durably(std::move(record), deadline);
    if (written) {
        publish(request, principal.id, AuditLogCreated{"deny"});
    }
    co_return written;
}

bool SecurityService::may(const Principal& principal, Action action,
                          const Resource& resource) const {
    const auto directory = reader_.current(parts_.clock.steady_now());
    return directory && decide_now(**directory, principal, action, resource).allowed;
}

Security::NamespacePatterns SecurityService::namespace_patterns(const Principal& principal,
                                                                Action action) const {
    const auto directory = reader_.current(parts_.clock.steady_now());
    if (!directory) {
        return {};
    }
    const auto* grants = grants_now(**directory, principal);
    if (grants == nullptr) {
        return {};
    }
    PatternSets sets = memory_patterns(*grants, action, parts_.clock.now());
    return {std::move(sets.allowed), std::move(sets.denied)};
}

}  // namespace pgmind::security
