#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "security/api/principal.hpp"

namespace pgmind::security {

struct Decision {
    bool allowed = false;
    std::string_view reason;  ///< a literal, for the audit record
};

/// The one place that decides. Default is deny; a grant with `deny` takes away what its role would
/// give on the resources that it covers, whatever other grants say. Pure; a few hundred nanoseconds
/// with few grants.
///
/// A grant covers a namespace when its pattern matches the whole name. Of resources that are not
/// namespaces, an allowing grant covers all, whatever its pattern, except that administration needs
/// the pattern `*`; a denying grant covers them only with the pattern `*`. A namespaced resource
/// without a name is allowed when some namespace can be (api/principal.hpp).
Decision decide(std::span<const Grant> grants, Action action, const Resource& resource);

struct PatternSets {
    std::vector<std::string> allowed;
    std::vector<std::string> denied;
};

/// The patterns that decide() goes by for an action on the memory of a namespace: a name is allowed
/// when it matches one of `allowed` and none of `denied`. Both empty when nothing is allowed.
PatternSets memory_patterns(std::span<const Grant> grants, Action action);

}  // namespace pgmind::security
