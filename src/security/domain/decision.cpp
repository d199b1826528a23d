#include "security/domain/decision.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "security/domain/role_permissions.hpp"

namespace pgmind::security {
namespace {

constexpr std::string_view kAnyNamespace = "*";

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
Decision decide_any(std::span<const Grant> grants, Action action, ResourceType type) {
    bool denied = false;
    for (const Grant& grant : grants) {
        if (grant.deny || !role_permits(grant.role, action, type)) {
            continue;
        }
        const bool closed = std::any_of(grants.begin(), grants.end(), [&](const Grant& other) {
            return other.deny && role_permits(other.role, action, type) &&
                   matches_pattern(other.namespace_pattern, grant.namespace_pattern);
        });
        if (!closed) {
            return {true, "granted"};
        }
        denied = true;
    }
    return {false, denied ? "denied by a grant" : "no grant"};
}

}  // namespace

Decision decide(std::span<const Grant> grants, Action action, const Resource& resource) {
    if (is_namespaced(resource.type) && resource.name.empty()) {
        return decide_any(grants, action, resource.type);
    }
    bool granted = false;
    for (const Grant& grant : grants) {
        if (!role_permits(grant.role, action, resource.type) || !covers(grant, resource)) {
            continue;
        }
        if (grant.deny) {
            return {false, "denied by a grant"};
        }
        granted = true;
    }
    return granted ? Decision{true, "granted"} : Decision{false, "no grant"};
}

PatternSets memory_patterns(std::span<const Grant> grants, Action action) {
    if (!decide_any(grants, action, ResourceType::memory).allowed) {
        return {};
    }
    PatternSets sets;
    for (const Grant& grant : grants) {
        if (role_permits(grant.role, action, ResourceType::memory)) {
            (grant.deny ? sets.denied : sets.allowed).push_back(grant.namespace_pattern);
        }
    }
    return sets;
}

}  // namespace pgmind::security
