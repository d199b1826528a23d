#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"

namespace pgmind::security {

enum class PrincipalKind { user, service, ai_agent };
enum class Role { admin, app_user, mcp_user, readonly, auditor };
enum class Action { read, write, remove, execute, admin };

/// What a permission is about. Namespaces are matched by pattern; the others are single things.
enum class ResourceType {
    memory,      ///< entries of a namespace; `name` is the namespace
    namespaces,  ///< creating or deleting the namespace `name`
    cluster,     ///< status, topology
    principals,  ///< principals, roles, keys
    audit,       ///< the audit log
    metrics,
    traces
};

struct Resource {
    ResourceType type = ResourceType::memory;
    /// A namespace. Empty for memory and namespaces means "at least one of them": a gate before
    /// the names are known (search, list); the caller then narrows by namespace_patterns() or
    /// authorizes each name.
    std::string name;
};

std::string_view name_of(PrincipalKind kind);
std::string_view name_of(Role role);
std::string_view name_of(Action action);
std::string_view name_of(ResourceType type);
Result<PrincipalKind> parse_principal_kind(std::string_view text);
Result<Role> parse_role(std::string_view text);

/// A role over the namespaces that match a pattern; `deny` takes away what other grants give.
struct Grant {
    Role role = Role::readonly;
    std::string namespace_pattern = "*";
    bool deny = false;
};

/// Somebody who was authenticated. Immutable; shared by snapshot, never changed in place.
struct Principal {
    PrincipalId id;
    std::string name;
    PrincipalKind kind = PrincipalKind::user;
    std::vector<Grant> grants;
    std::string key_id;           ///< of the API key that was used; never the key
    std::string session_id = {};  ///< of the session that was used instead of a key
};
using PrincipalSnapshot = std::shared_ptr<const Principal>;

struct ApiKeyDetails {
    std::string key_id;
    PrincipalId principal;
    std::string label;
    WallTime created_at;
    std::optional<WallTime> expires_at;
    std::optional<WallTime> revoked_at;
};

struct SessionDetails {
    std::string session_id;
    PrincipalId principal;
    WallTime created_at;
    WallTime last_used_at;  ///< to the minute or so
    WallTime expires_at;    ///< however much it is used
    std::optional<WallTime> revoked_at;
    std::string remote_address;  ///< of the login
};

struct PrincipalDetails {
    PrincipalId id;
    std::string name;
    PrincipalKind kind = PrincipalKind::user;
    bool disabled = false;
    std::vector<Grant> grants;
    WallTime created_at;
};

}  // namespace pgmind::security
