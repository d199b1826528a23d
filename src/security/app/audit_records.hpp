#pragma once

#include <string_view>

#include "base/request_context.hpp"
#include "security/api/requests.hpp"
#include "security/domain/changes.hpp"
#include "security/domain/failure_limiter.hpp"

namespace pgmind::security {

// How decisions become audit records. Everything that came from outside is made safe here
// (domain/audit_rules.hpp).

/// A record with the facts of the request; action, resource, decision and reason are left open.
AuditRecord record_of(const RequestContext& request, WallTime now);

/// An action that authorize() allowed, with the outcome given to record().
AuditRecord allowed_record(const RequestContext& request, WallTime now, const Principal& principal,
                           Action action, const Resource& resource, std::string_view outcome);

/// A denial of authorize() with its reason.
AuditRecord denied_record(const RequestContext& request, WallTime now, const Principal& principal,
                          Action action, const Resource& resource, std::string_view reason);

/// One failed authentication. `principal` is known when the secret was right but the key is not
/// usable any more, else nullptr; `key_id` is empty when nothing well-formed was presented.
AuditRecord failure_record(const RequestContext& request, WallTime now, std::string_view key_id,
                           const Principal* principal, std::string_view reason);

/// About the password of a principal: "login", "password.set", "password.change"; allowed unless
/// the caller says otherwise.
AuditRecord password_record(const RequestContext& request, WallTime now, std::string_view action,
                            std::string_view principal_name);

/// "session.revoke", allowed.
AuditRecord session_record(const RequestContext& request, WallTime now,
                           std::string_view session_id);

/// A request that was refused before it was asked who sends it.
AuditRecord turned_away_record(const RequestContext& request, WallTime now,
                               const TurnedAway& refusal);

/// Many failed authentications from one address, counted.
AuditRecord summary_record(const FailureSummary& summary, WallTime now);

AuditRecord change_record(const RequestContext& request, WallTime now, std::string_view actor_name,
                          const Change& change);

}  // namespace pgmind::security
