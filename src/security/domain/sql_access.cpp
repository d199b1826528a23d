#include "security/domain/sql_access.hpp"

#include <algorithm>
#include <array>

namespace pgmind::security {
namespace {

constexpr std::string_view kPrefix = "sql_";
constexpr std::size_t kIdentifierMax = 63;  // bytes of a name in PostgreSQL
constexpr std::array kActions = {Action::read, Action::write, Action::remove};

struct Class {
    Role role;
    std::string_view name;
};
constexpr std::array kClasses = {
    Class{Role::admin, "pgmind_admin"}, Class{Role::app_user, "pgmind_app_user"},
    Class{Role::mcp_user, "pgmind_mcp_user"}, Class{Role::readonly, "pgmind_readonly"}};

bool gives_memory(const Grant& grant, WallTime now) {
    return std::any_of(kActions.begin(), kActions.end(), [&](Action action) {
        const Grant alone[] = {grant};
        return decide(alone, action, {ResourceType::memory, ""}, now).allowed;
    });
}

}  // namespace

Result<std::string> sql_login_name(std::string_view principal_name) {
    std::string login = std::string(kPrefix) + std::string(principal_name);
    if (login.size() > kIdentifierMax) {
        return fail(invalid_argument("principal_name",
                                     "for SQL a principal's name has at most 59 characters"));
    }
    return login;
}

std::string_view sql_class_of(const std::vector<Grant>& grants, WallTime now) {
    for (const Class& each : kClasses) {
        const bool given = std::any_of(grants.begin(), grants.end(), [&](const Grant& grant) {
            return !grant.deny && grant.role == each.role && gives_memory(grant, now);
        });
        if (given) {
            return each.name;
        }
    }
    return {};
}

SqlAccess sql_access_of(const DirectoryContents& directory, WallTime now) {
    SqlAccess access;
    access.revision = directory.revision.number;
    for (const StoredSqlLogin& stored : directory.sql_logins) {
        const auto principal =
            std::find_if(directory.principals.begin(), directory.principals.end(),
                         [&](const PrincipalDetails& each) { return each.id == stored.principal; });
        if (principal == directory.principals.end() || principal->disabled) {
            continue;
        }
        const std::string_view role = sql_class_of(principal->grants, now);
        const auto login = sql_login_name(principal->name);
        if (role.empty() || !login) {
            continue;
        }
        access.logins.push_back({*login, std::string(role), stored.verifier});
        for (const Action action : kActions) {
            PatternSets patterns = memory_patterns(principal->grants, action, now);
            if (!patterns.allowed.empty()) {
                access.rules.push_back({*login, name_of(action), std::move(patterns)});
            }
        }
    }
    return access;
}

}  // namespace pgmind::security
