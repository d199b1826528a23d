#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "security/api/principal.hpp"

namespace pgmind::security {

struct Decision {
    bool allowed = false;
    std::string_view reason;    ///< a literal, for the audit record
    const Grant* by = nullptr;  ///< the grant that decided, of those that were given
};

/// The one place that decides. Default is deny; a grant with `deny` takes away what its role would
/// give on the resources that it covers, whatever other grants say. Pure; a few hundred nanoseconds
/// with few grants.
///
/// A grant counts for an action on a type when it has not expired, its role gives that, and it was
/// not narrowed to other actions or types. It covers a namespace when its pattern matches the whole
/// name. Of resources that are not namespaces, an allowing grant covers all, whatever its pattern,
/// except that administration needs the pattern `*`; a denying grant covers them only with the
/// pattern `*`. A namespaced resource without a name is allowed when some namespace can be
/// (api/principal.hpp).
Decision decide(std::span<const Grant> grants, Action action, const Resource& resource,
                WallTime now);

/// What one grant says to a permission: a literal that begins with "allows" or "denies" when it
/// counts, else why it does not.
std::string_view verdict_of(const Grant& grant, Action action, const Resource& resource,
                            WallTime now);

struct PatternSets {
    std::vector<std::string> allowed;
    std::vector<std::string> denied;
    bool operator==(const PatternSets&) const = default;
};

/// The patterns that decide() goes by for an action on the memory of a namespace: a name is allowed
/// when it matches one of `allowed` and none of `denied`. Both empty when nothing is allowed.
PatternSets memory_patterns(std::span<const Grant> grants, Action action, WallTime now);

}  // namespace pgmind::security
