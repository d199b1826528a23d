#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "security/api/requests.hpp"
#include "security/domain/directory.hpp"

namespace pgmind::security {

inline constexpr std::size_t kPrincipalsMax = 100'000;
inline constexpr std::size_t kKeysPerPrincipalMax = 100;  ///< revoked and expired ones included

// What administration does to the directory. A change is decided here against one revision, and
// stored only if that revision is still the newest.
struct PrincipalCreated {
    PrincipalDetails principal;
};
struct GrantsReplaced {
    PrincipalId principal;
    std::string principal_name;
    std::vector<Grant> grants;
};
struct PrincipalDisabled {
    PrincipalId principal;
    std::string principal_name;
};
struct ApiKeyIssued {
    StoredApiKey key;
    std::string principal_name;
};
struct ApiKeyRevoked {
    std::string key_id;
    std::string principal_name;
    WallTime revoked_at;
};
struct SqlLoginEnabled {
    PrincipalId principal;
    std::string principal_name;
    std::string verifier;
    WallTime enabled_at;
};
struct SqlLoginDisabled {
    PrincipalId principal;
    std::string principal_name;
};
using Change = std::variant<PrincipalCreated, GrantsReplaced, PrincipalDisabled, ApiKeyIssued,
                            ApiKeyRevoked, SqlLoginEnabled, SqlLoginDisabled>;

Result<Change> create_principal(const DirectoryContents& directory, const NewPrincipal& wanted,
                                PrincipalId id, WallTime now);
Result<Change> replace_grants(const DirectoryContents& directory, std::string_view principal_name,
                              std::vector<Grant> grants, WallTime now);
/// Disabling one that is disabled changes nothing and succeeds.
Result<Change> disable_principal(const DirectoryContents& directory,
                                 std::string_view principal_name, WallTime now);
Result<Change> issue_api_key(const DirectoryContents& directory, const NewApiKey& wanted,
                             std::string key_id, WallTime now);
/// Revoking one that is revoked keeps its first time and succeeds.
Result<Change> revoke_api_key(const DirectoryContents& directory, std::string_view key_id,
                              WallTime now);

/// Of a principal that may do something with memory; one that has a login gets another password.
Result<Change> enable_sql_login(const DirectoryContents& directory, std::string_view principal_name,
                                std::string verifier, WallTime now);
/// Of one without login it changes nothing and succeeds.
Result<Change> disable_sql_login(const DirectoryContents& directory,
                                 std::string_view principal_name);

/// The directory after the change; its revision is left for the store to say.
DirectoryContents apply_change(DirectoryContents directory, const Change& change);

/// What the audit log says about a change.
struct ChangeDescription {
    std::string_view action;  ///< "principal.create", "principal.grants", ...
    std::string resource;     ///< the principal's name, or the key's id
    std::string reason;       ///< the grants, the label, whose key: never a secret
};
ChangeDescription describe(const Change& change);

/// "mcp_user on agent-* only read memory until 2026-12-01T00:00:00.000000Z at most 50/s".
std::string describe(const Grant& grant);
/// "app_user on agent-*, deny readonly on secret-*".
std::string describe(const std::vector<Grant>& grants);

}  // namespace pgmind::security
