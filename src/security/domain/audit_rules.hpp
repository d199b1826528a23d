#pragma once

#include <string>
#include <string_view>

#include "security/api/principal.hpp"

namespace pgmind::security {

/// `durable` (class A): committed before the reply. `queued` (class B): accepted by the bounded
/// queue before the reply, committed soon after.
enum class AuditClass { durable, queued };

/// The class of an action that was allowed. Denials, failed authentications and changes of
/// principals are durable always.
constexpr AuditClass audit_class(Action action, ResourceType type) {
    const bool administrative =
        action == Action::admin || type == ResourceType::principals || type == ResourceType::audit;
    return administrative ? AuditClass::durable : AuditClass::queued;
}

/// Text from outside as it may stand in the audit log: well-formed UTF-8 of at most `bytes_max`
/// bytes without control characters. Bytes that may not stand there are written as \xNN, so nothing
/// a caller sends can make a record unwritable or break its line.
std::string audit_text(std::string_view text, std::size_t bytes_max);

}  // namespace pgmind::security
