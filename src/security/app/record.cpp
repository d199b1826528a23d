#include "security/api/events.hpp"
#include "security/app/audit_records.hpp"
#include "security/app/security_service.hpp"
#include "security/domain/audit_rules.hpp"

namespace pgmind::security {

Task<Result<void>> SecurityService::record(const RequestContext& request,
                                           PrincipalSnapshot principal, Action action,
                                           Resource resource, std::string outcome) {
    const Principal nobody;
    const Principal& who = principal == nullptr ? nobody : *principal;
    AuditRecord record =
        allowed_record(request, parts_.clock.now(), who, action, resource, outcome);
    Result<void> written;
    if (audit_class(action, resource.type) == AuditClass::queued) {
        written = parts_.audit.enqueue(std::move(record));
    } else {
        const Deadline deadline = audit_deadline(request);
        written = co_await parts_.audit.write_durably(std::move(record), deadline);
    }
    if (written) {
        publish(request, who.id, AuditLogCreated{"allow"});
    }
    co_return written;
}

}  // namespace pgmind::security
