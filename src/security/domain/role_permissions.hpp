#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>

#include "security/api/principal.hpp"

namespace pgmind::security {

/// Some of the five actions.
class ActionSet {
  public:
    constexpr ActionSet() = default;
    constexpr ActionSet(std::initializer_list<Action> actions) {
        for (const Action action : actions) {
            bits_ = static_cast<std::uint8_t>(bits_ | bit(action));
        }
    }
    constexpr bool contains(Action action) const { return (bits_ & bit(action)) != 0; }

  private:
    static constexpr std::uint8_t bit(Action action) {
        return static_cast<std::uint8_t>(1u << static_cast<unsigned>(action));
    }
    std::uint8_t bits_ = 0;
};

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
