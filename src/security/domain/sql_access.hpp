#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "security/domain/decision.hpp"
#include "security/domain/directory.hpp"

namespace pgmind::security {

/// A login that every PostgreSQL server of the shards shall have.
struct SqlLogin {
    std::string login;     ///< "sql_" and the principal's name
    std::string role;      ///< its class: "pgmind_readonly", ...
    std::string verifier;  ///< SCRAM
    bool operator==(const SqlLogin&) const = default;
};

/// What a login may do in the namespaces that match.
struct SqlRule {
    std::string login;
    std::string_view action;  ///< "read", "write" or "delete"
    PatternSets patterns;
    bool operator==(const SqlRule&) const = default;
};

/// All that the servers need to know, as of one directory and time.
struct SqlAccess {
    std::int64_t revision = 0;
    std::vector<SqlLogin> logins;
    std::vector<SqlRule> rules;
    bool operator==(const SqlAccess&) const = default;
};

/// Follows from grants alone: a principal that may do nothing with memory now, or is disabled, has
/// no login. Its class is the highest of its grants that count (admin, app_user, mcp_user,
/// readonly), which says what it may do at all; the rules say where.
SqlAccess sql_access_of(const DirectoryContents& directory, WallTime now);

/// The name of a principal's login. invalid_argument when PostgreSQL has no room for it.
Result<std::string> sql_login_name(std::string_view principal_name);

/// The class of a login with these grants; empty when there is none.
std::string_view sql_class_of(const std::vector<Grant>& grants, WallTime now);

}  // namespace pgmind::security
