#pragma once

#include <algorithm>
#include <vector>

#include "security/api/principal.hpp"

namespace pgmind::security {

/// Whose password sessions are good for nothing but enrolling a second factor until there is one.
struct SecondFactorPolicy {
    std::vector<Role> roles = {Role::admin};

    bool asks_for_one(const std::vector<Grant>& grants, WallTime now) const {
        return std::any_of(grants.begin(), grants.end(), [&](const Grant& grant) {
            const bool counts = !grant.deny && (!grant.expires_at || now < *grant.expires_at);
            return counts && std::find(roles.begin(), roles.end(), grant.role) != roles.end();
        });
    }
};

}  // namespace pgmind::security
