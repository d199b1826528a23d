#pragma once

#include <array>

#include "security/api/principal.hpp"

namespace pgmind::security {

struct RolePermission {
    Role role;
    ResourceType type;
    ActionSet actions;
};

/// All that roles give; what is not here is not given. The only such table: README.md shows it to
/// people, the matrix test holds both against each other.
inline constexpr ActionSet kEverything = {Action::read, Action::write, Action::remove,
                                          Action::execute, Action::admin};
inline constexpr std::array kRolePermissions = {
    RolePermission{Role::admin, ResourceType::memory, kEverything},
    RolePermission{Role::admin, ResourceType::namespaces, kEverything},
    RolePermission{Role::admin, ResourceType::cluster, kEverything},
    RolePermission{Role::admin, ResourceType::principals, kEverything},
    RolePermission{Role::admin, ResourceType::audit, kEverything},
    RolePermission{Role::admin, ResourceType::metrics, kEverything},
    RolePermission{Role::admin, ResourceType::traces, kEverything},

    RolePermission{
        Role::app_user, ResourceType::memory, {Action::read, Action::write, Action::remove}},
    RolePermission{Role::app_user, ResourceType::namespaces, {Action::read, Action::write}},

    RolePermission{
        Role::mcp_user, ResourceType::memory, {Action::read, Action::write, Action::remove}},
    RolePermission{Role::mcp_user, ResourceType::namespaces, {Action::read}},
    RolePermission{Role::mcp_user, ResourceType::cluster, {Action::read}},

    RolePermission{Role::readonly, ResourceType::memory, {Action::read}},
    RolePermission{Role::readonly, ResourceType::namespaces, {Action::read}},

    RolePermission{Role::auditor, ResourceType::audit, {Action::read}},
};

constexpr bool role_permits(Role role, Action action, ResourceType type) {
    for (const RolePermission& permission : kRolePermissions) {
        if (permission.role == role && permission.type == type) {
            return permission.actions.contains(action);
        }
    }
    return false;
}

/// True for resources that a grant's namespace pattern selects; the others are single things.
constexpr bool is_namespaced(ResourceType type) {
    return type == ResourceType::memory || type == ResourceType::namespaces;
}

}  // namespace pgmind::security
