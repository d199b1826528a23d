#include <algorithm>

#include "base/text.hpp"
#include "memory/api/events.hpp"
#include "memory/api/filter_sql.hpp"
#include "memory/api/memory.hpp"

namespace pgmind::memory {

bool allows(const NamespaceAccess& access, std::string_view namespace_name) {
    const auto matches = [&](const std::string& pattern) {
        return matches_pattern(pattern, namespace_name);
    };
    return std::any_of(access.allowed.begin(), access.allowed.end(), matches) &&
           std::none_of(access.denied.begin(), access.denied.end(), matches);
}

}  // namespace pgmind::memory
