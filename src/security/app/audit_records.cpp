#include "security/app/audit_records.hpp"

#include "security/domain/audit_rules.hpp"

namespace pgmind::security {
namespace {

constexpr std::size_t kIdBytesMax = 64;
constexpr std::size_t kNameBytesMax = 128;
constexpr std::size_t kResourceBytesMax = 1'024;
constexpr std::size_t kReasonBytesMax = 4'096;  // Room for the grants of a principal.

AuditRecord decision_record(const RequestContext& request, WallTime now, const Principal& principal,
                            Action action, const Resource& resource) {
    AuditRecord record = record_of(request, now);
    record.principal_id = audit_text(principal.id.value(), kIdBytesMax);
    record.principal_name = audit_text(principal.name, kNameBytesMax);
    record.action = name_of(action);
    record.resource_type = name_of(resource.type);
    record.resource = audit_text(resource.name, kResourceBytesMax);
    return record;
}

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

AuditRecord allowed_record(const RequestContext& request, WallTime now, const Principal& principal,
                           Action action, const Resource& resource, std::string_view outcome) {
    AuditRecord record = decision_record(request, now, principal, action, resource);
    record.decision = "allow";
    record.outcome = audit_text(outcome, kIdBytesMax);
    return record;
}

AuditRecord denied_record(const RequestContext& request, WallTime now, const Principal& principal,
                          Action action, const Resource& resource, std::string_view reason) {
    AuditRecord record = decision_record(request, now, principal, action, resource);
    record.decision = "deny";
    record.outcome = name_of(Failure::permission_denied);
    record.reason = audit_text(reason, kReasonBytesMax);
    return record;
}

AuditRecord turned_away_record(const RequestContext& request, WallTime now,
                               const TurnedAway& refusal) {
    AuditRecord record = record_of(request, now);
    record.action = "connect";
    record.resource_type = "gateway";
    record.decision = "deny";
    record.outcome = audit_text(refusal.outcome, kIdBytesMax);
    record.reason = audit_text(refusal.reason, kReasonBytesMax);
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
    record.outcome = name_of(Failure::unauthenticated);
    record.reason = reason;
    return record;
}

AuditRecord password_record(const RequestContext& request, WallTime now, std::string_view action,
                            std::string_view principal_name) {
    AuditRecord record = record_of(request, now);
    record.action = action;
    record.resource_type = name_of(ResourceType::principals);
    record.resource = audit_text(principal_name, kNameBytesMax);
    record.decision = "allow";
    record.outcome = "ok";
    return record;
}

AuditRecord session_record(const RequestContext& request, WallTime now,
                           std::string_view session_id) {
    AuditRecord record = record_of(request, now);
    record.action = "session.revoke";
    record.resource_type = "session";
    record.resource = audit_text(session_id, kIdBytesMax);
    record.decision = "allow";
    record.outcome = "ok";
    return record;
}

AuditRecord summary_record(const FailureSummary& summary, WallTime now) {
    RequestContext request;
    request.remote_address = summary.remote_address;
    AuditRecord record = failure_record(request, now, "", nullptr, "");
    record.reason = std::to_string(summary.count) + " more refusals";
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
    record.outcome = "ok";
    record.reason = audit_text(description.reason, kReasonBytesMax);
    return record;
}

}  // namespace pgmind::security
