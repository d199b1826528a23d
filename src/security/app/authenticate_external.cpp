// Tokens of identity providers outside, and certificates of services.
#include "security/api/errors.hpp"
#include "security/api/events.hpp"
#include "security/app/audit_records.hpp"
#include "security/app/security_service.hpp"
#include "security/domain/audit_rules.hpp"

namespace pgmind::security {
namespace {

constexpr std::size_t kCertificateNameMax = 256;

}  // namespace

struct SecurityService::CertificateCheck {
    PrincipalSnapshot principal;  ///< set only when it is let in
    std::string name;             ///< of the certificate; for the audit record
    std::string_view reason;
};

// The certificate says who it is, the directory what it may: disabling the principal is enough to
// keep a stolen certificate out.
SecurityService::CertificateCheck SecurityService::check_certificate(
    const Directory& directory, const ClientCertificate& certificate) const {
    const CertificateMapping* mapping = find_mapping(parts_.certificates, certificate.names);
    if (mapping == nullptr) {
        return {nullptr, certificate.names.empty() ? "" : certificate.names.front(),
                "certificate of nobody"};
    }
    const PrincipalDetails* details = directory.find_principal_named(mapping->principal_name);
    std::string_view reason;
    if (parts_.clock.now() >= certificate.not_after) {
        reason = "certificate expired";
    } else if (details == nullptr) {
        reason = "principal unknown";
    } else if (details->kind != PrincipalKind::service) {
        reason = "certificates are for services";
    } else if (details->disabled) {
        reason = "principal disabled";
    }
    if (!reason.empty()) {
        return {nullptr, mapping->certificate_name, reason};
    }
    Principal principal{details->id, details->name, details->kind, details->grants, ""};
    principal.valid_until = certificate.not_after;
    return {std::make_shared<const Principal>(std::move(principal)), mapping->certificate_name, ""};
}

Task<Result<PrincipalSnapshot>> SecurityService::authenticate_certificate(
    const RequestContext& request, ClientCertificate certificate) {
    const auto directory = reader_.current(parts_.clock.steady_now());
    if (!directory) {
        co_return fail(directory.error());
    }
    CertificateCheck check = check_certificate(**directory, certificate);
    if (check.principal != nullptr) {
        publish(request, check.principal->id, PrincipalAuthenticated{check.principal->name});
        co_return std::move(check.principal);
    }
    publish(request, PrincipalId(), SecurityViolationDetected{"unauthenticated"});
    AuditRecord record =
        failure_record(request, parts_.clock.now(), audit_text(check.name, kCertificateNameMax),
                       nullptr, check.reason);
    record.resource_type = "certificate";
    const auto written = co_await write_failure(request, std::move(record));
    if (!written) {
        co_return fail(written.error());
    }
    co_return fail(Errc::unauthenticated, "a valid API key is needed");
}

bool SecurityService::is_foreign(std::string_view credential) const {
    // Our own keys and tokens have no dots, and three parts have two.
    return parts_.external != nullptr && credential.find('.') != std::string_view::npos;
}

Task<Result<PrincipalSnapshot>> SecurityService::authenticate_token(const RequestContext& request,
                                                                    Credentials credentials) {
    const Clock& clock = parts_.clock;
    ExternalVerdict verdict =
        parts_.external->check(credentials.api_key, clock.now(), clock.steady_now());
    if (verdict.key_unknown || verdict.keys_stale) {
        auto work = parts_.external->renew_keys(verdict.provider, request.deadline);
        co_await async::run_on(parts_.loop, std::move(work));
        verdict = parts_.external->check(credentials.api_key, clock.now(), clock.steady_now());
    }
    parts_.cryptography.wipe(credentials.api_key);
    if (verdict.keys_stale) {
        co_return fail(Errc::provider_unreachable,
                       "the keys of '" + verdict.provider + "' could not be fetched");
    }
    if (verdict.principal != nullptr) {
        publish(request, verdict.principal->id, PrincipalAuthenticated{verdict.principal->name});
        co_return verdict.principal;
    }
    publish(request, PrincipalId(), SecurityViolationDetected{"unauthenticated"});
    AuditRecord record =
        failure_record(request, clock.now(), verdict.provider, nullptr, verdict.reason);
    record.resource_type = "token";
    const auto written = co_await write_failure(request, std::move(record));
    if (!written) {
        co_return fail(written.error());
    }
    co_return fail(Errc::unauthenticated, "a valid API key is needed");
}

}  // namespace pgmind::security
