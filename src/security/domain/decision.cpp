#include "security/domain/decision.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "security/domain/role_permissions.hpp"

namespace pgmind::security {
namespace {

constexpr std::string_view kAnyNamespace = "*";

bool expired(const Grant& grant, WallTime now) {
    return grant.expires_at && *grant.expires_at <= now;
}

bool counts(const Grant& grant, Action action, ResourceType type, WallTime now) {
    return role_permits(grant.role, action, type) && grant.actions.contains(action) &&
           grant.types.contains(type) && !expired(grant, now);
}

bool covers(const Grant& grant, const Resource& resource) {
    if (is_namespaced(resource.type)) {
        return matches_pattern(grant.namespace_pattern, resource.name);
    }
    const bool everywhere = grant.namespace_pattern == kAnyNamespace;
    if (grant.deny || grant.role == Role::admin) {
        return everywhere;
    }
    return true;
}

// Whether some namespace can be allowed: an allowing pattern that no denying one surely covers. A
// pattern is surely covered by `*` and by any pattern that matches it as a text (`a-*` covers
// `a-b*`), since each `*` in it then stands where the other has one too.
Decision decide_any(std::span<const Grant> grants, Action action, ResourceType type, WallTime now) {
    const Grant* denied_by = nullptr;
    for (const Grant& grant : grants) {
        if (grant.deny || !counts(grant, action, type, now)) {
            continue;
        }
        const auto closed = std::find_if(grants.begin(), grants.end(), [&](const Grant& other) {
            return other.deny && counts(other, action, type, now) &&
                   matches_pattern(other.namespace_pattern, grant.namespace_pattern);
        });
        if (closed == grants.end()) {
            return {true, "granted", &grant};
        }
        denied_by = &*closed;
    }
    return {false, denied_by != nullptr ? "denied by a grant" : "no grant", denied_by};
}

}  // namespace

Decision decide(std::span<const Grant> grants, Action action, const Resource& resource,
                WallTime now) {
    if (is_namespaced(resource.type) && resource.name.empty()) {
        return decide_any(grants, action, resource.type, now);
    }
    const Grant* granted_by = nullptr;
    for (const Grant& grant : grants) {
        if (!counts(grant, action, resource.type, now) || !covers(grant, resource)) {
            continue;
        }
        if (grant.deny) {
            return {false, "denied by a grant", &grant};
        }
        granted_by = granted_by == nullptr ? &grant : granted_by;
    }
    return granted_by != nullptr ? Decision{true, "granted", granted_by}
                                 : Decision{false, "no grant", nullptr};
}

std::string_view verdict_of(const Grant& grant, Action action, const Resource& resource,
                            WallTime now) {
    if (!role_permits(grant.role, action, resource.type)) {
        return "its role does not have this action on this resource";
    }
    if (!grant.actions.contains(action)) {
        return "is narrowed to other actions";
    }
    if (!grant.types.contains(resource.type)) {
        return "is narrowed to other types of resource";
    }
    if (expired(grant, now)) {
        return "has expired";
    }
    const bool any = is_namespaced(resource.type) && resource.name.empty();
    if (!any && !covers(grant, resource)) {
        return is_namespaced(resource.type) ? "its pattern does not match"
                                            : "reaches this resource only with the pattern *";
    }
    if (any) {
        return grant.deny ? "denies in the namespaces that match"
                          : "allows in the namespaces that match";
    }
    return grant.deny ? "denies" : "allows";
}

PatternSets memory_patterns(std::span<const Grant> grants, Action action, WallTime now) {
    if (!decide_any(grants, action, ResourceType::memory, now).allowed) {
        return {};
    }
    PatternSets sets;
    for (const Grant& grant : grants) {
        if (counts(grant, action, ResourceType::memory, now)) {
            (grant.deny ? sets.denied : sets.allowed).push_back(grant.namespace_pattern);
        }
    }
    return sets;
}

}  // namespace pgmind::security
