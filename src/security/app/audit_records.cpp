#include "security/app/audit_records.hpp"

#include "security/domain/audit_rules.hpp"

namespace pgmind::security {
namespace {

constexpr std::size_t kIdBytesMax = 64;
constexpr std::size_t kNameBytesMax = 128;
constexpr std::size_t kResourceBytesMax = 1'024;
constexpr std::size_t kReasonBytesMax = 4'096;  // Room for the grants of a principal.

}  // namespace

AuditRecord record_of(const RequestContext& request, WallTime now) {
    AuditRecord record;
    record.occurred_at = now;
    record.request_id = audit_text(request.request_id.value(), kIdBytesMax);
    record.principal_id = audit_text(request.principal.value(), kIdBytesMax);
    record.protocol = audit_text(request.protocol, kIdBytesMax);
    record.remote_address = audit_text(request.remote_address, kIdBytesMax);
    return record;
}

AuditRecord decision_record(const RequestContext& request, WallTime now, const Principal& principal,
                            Action action, const Resource& resource, std::string_view decision,
                            std::string_view reason) {
    AuditRecord record = record_of(request, now);
    record.principal_id = audit_text(principal.id.value(), kIdBytesMax);
    record.principal_name = audit_text(principal.name, kNameBytesMax);
    record.action = name_of(action);
    record.resource_type = name_of(resource.type);
    record.resource = audit_text(resource.name, kResourceBytesMax);
    record.decision = decision;
    record.reason = audit_text(reason, kReasonBytesMax);
    return record;
}

AuditRecord failure_record(const RequestContext& request, WallTime now, std::string_view key_id,
                           const Principal* principal, std::string_view reason) {
    AuditRecord record = record_of(request, now);
    record.principal_id = principal == nullptr ? "" : principal->id.value();
    record.principal_name = principal == nullptr ? "" : principal->name;
    record.action = "authenticate";
    record.resource_type = "api_key";
    record.resource = key_id;
    record.decision = "deny";
    record.reason = reason;
    return record;
}

AuditRecord summary_record(const FailureSummary& summary, WallTime now) {
    RequestContext request;
    request.remote_address = summary.remote_address;
    AuditRecord record = failure_record(request, now, "", nullptr, "");
    record.reason = std::to_string(summary.count) + " more failures";
    record.reason += summary.remote_address.empty() ? " from several addresses" : "";
    return record;
}

AuditRecord change_record(const RequestContext& request, WallTime now, std::string_view actor_name,
                          const Change& change) {
    ChangeDescription description = describe(change);
    AuditRecord record = record_of(request, now);
    record.principal_name = audit_text(actor_name, kNameBytesMax);
    record.action = description.action;
    record.resource_type = name_of(ResourceType::principals);
    record.resource = audit_text(description.resource, kResourceBytesMax);
    record.decision = "allow";
    record.reason = audit_text(description.reason, kReasonBytesMax);
    return record;
}

}  // namespace pgmind::security
