#pragma once

#include <string>

#include "base/domain_event.hpp"

namespace pgmind::security {

struct PrincipalAuthenticated {
    static constexpr std::string_view name = "PrincipalAuthenticated";
    static constexpr std::string_view context = "security";
    std::string principal_name;
    EventAttributes attributes() const { return {{"principal", principal_name}}; }
};

struct PermissionChecked {
    static constexpr std::string_view name = "PermissionChecked";
    static constexpr std::string_view context = "security";
    std::string action;
    std::string resource;
    bool allowed = false;
    EventAttributes attributes() const {
        return {
            {"action", action}, {"resource", resource}, {"decision", allowed ? "allow" : "deny"}};
    }
};

struct SecurityViolationDetected {
    static constexpr std::string_view name = "SecurityViolationDetected";
    static constexpr std::string_view context = "security";
    std::string kind;  ///< "unauthenticated", "denied" or "turned_away"
    EventAttributes attributes() const { return {{"kind", kind}}; }
};

struct PermissionGranted {
    static constexpr std::string_view name = "PermissionGranted";
    static constexpr std::string_view context = "security";
    std::string principal_name;
    EventAttributes attributes() const { return {{"principal", principal_name}}; }
};

struct PermissionRevoked {
    static constexpr std::string_view name = "PermissionRevoked";
    static constexpr std::string_view context = "security";
    std::string principal_name;
    EventAttributes attributes() const { return {{"principal", principal_name}}; }
};

struct AuditLogCreated {
    static constexpr std::string_view name = "AuditLogCreated";
    static constexpr std::string_view context = "security";
    std::string decision;
    EventAttributes attributes() const { return {{"decision", decision}}; }
};

}  // namespace pgmind::security
