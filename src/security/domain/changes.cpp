#include "security/domain/changes.hpp"

#include <algorithm>

#include "security/api/errors.hpp"
#include "security/domain/names.hpp"
#include "security/domain/sql_access.hpp"

namespace pgmind::security {
namespace {

template <class... Functions>
struct Overloaded : Functions... {
    using Functions::operator()...;
};

const PrincipalDetails* find_named(const DirectoryContents& directory, std::string_view name) {
    const auto found =
        std::find_if(directory.principals.begin(), directory.principals.end(),
                     [&](const PrincipalDetails& principal) { return principal.name == name; });
    return found == directory.principals.end() ? nullptr : &*found;
}

PrincipalDetails* find_by_id(DirectoryContents& directory, const PrincipalId& id) {
    const auto found =
        std::find_if(directory.principals.begin(), directory.principals.end(),
                     [&](const PrincipalDetails& principal) { return principal.id == id; });
    return found == directory.principals.end() ? nullptr : &*found;
}

tl::unexpected<Error> no_principal(std::string_view name) {
    return fail(Errc::principal_not_found, "there is no principal '" + std::string(name) + "'");
}

// Refuses a change after which nobody could administer: there would be no way back but a restart.
Result<Change> unless_last_administrator(const DirectoryContents& directory, Change change,
                                         WallTime now) {
    const bool before = has_administrator(directory, now);
    if (before && !has_administrator(apply_change(directory, change), now)) {
        return fail(Errc::last_administrator,
                    "after this no enabled principal could administer with a usable key; make "
                    "another administrator first");
    }
    return change;
}

}  // namespace

Result<Change> create_principal(const DirectoryContents& directory, const NewPrincipal& wanted,
                                PrincipalId id, WallTime now) {
    if (const auto valid = validate_principal_name(wanted.name); !valid) {
        return fail(valid.error());
    }
    if (const auto valid = validate_grants(wanted.grants); !valid) {
        return fail(valid.error());
    }
    if (find_named(directory, wanted.name) != nullptr) {
        return fail(Errc::principal_exists, "the principal '" + wanted.name + "' exists");
    }
    if (directory.principals.size() >= kPrincipalsMax) {
        return fail(Errc::limit_reached, "there are at most 100,000 principals");
    }
    PrincipalDetails principal{std::move(id), wanted.name, wanted.kind, false, wanted.grants, now};
    return PrincipalCreated{std::move(principal)};
}

Result<Change> replace_grants(const DirectoryContents& directory, std::string_view principal_name,
                              std::vector<Grant> grants, WallTime now) {
    if (const auto valid = validate_grants(grants); !valid) {
        return fail(valid.error());
    }
    const PrincipalDetails* principal = find_named(directory, principal_name);
    if (principal == nullptr) {
        return no_principal(principal_name);
    }
    GrantsReplaced change{principal->id, principal->name, std::move(grants)};
    return unless_last_administrator(directory, std::move(change), now);
}

Result<Change> disable_principal(const DirectoryContents& directory,
                                 std::string_view principal_name, WallTime now) {
    const PrincipalDetails* principal = find_named(directory, principal_name);
    if (principal == nullptr) {
        return no_principal(principal_name);
    }
    return unless_last_administrator(directory, PrincipalDisabled{principal->id, principal->name},
                                     now);
}

Result<Change> issue_api_key(const DirectoryContents& directory, const NewApiKey& wanted,
                             std::string key_id, WallTime now) {
    if (const auto valid = validate_label(wanted.label); !valid) {
        return fail(valid.error());
    }
    if (const auto valid = validate_ttl(wanted.ttl); !valid) {
        return fail(valid.error());
    }
    const PrincipalDetails* principal = find_named(directory, wanted.principal_name);
    if (principal == nullptr) {
        return no_principal(wanted.principal_name);
    }
    if (principal->disabled) {
        return fail(invalid_argument("principal_name",
                                     "the principal '" + principal->name + "' is disabled"));
    }
    const auto keys = std::count_if(
        directory.keys.begin(), directory.keys.end(),
        [&](const StoredApiKey& key) { return key.details.principal == principal->id; });
    if (keys >= static_cast<std::ptrdiff_t>(kKeysPerPrincipalMax)) {
        return fail(Errc::limit_reached, "a principal has at most 100 keys");
    }
    ApiKeyDetails details{std::move(key_id), principal->id, wanted.label, now, {}, {}};
    if (wanted.ttl) {
        details.expires_at = now + *wanted.ttl;
    }
    return ApiKeyIssued{StoredApiKey{std::move(details), KeyDigest{}}, principal->name};
}

Result<Change> revoke_api_key(const DirectoryContents& directory, std::string_view key_id,
                              WallTime now) {
    const auto key =
        std::find_if(directory.keys.begin(), directory.keys.end(),
                     [&](const StoredApiKey& stored) { return stored.details.key_id == key_id; });
    if (key == directory.keys.end()) {
        return fail(Errc::key_not_found, "there is no key '" + std::string(key_id) + "'");
    }
    ApiKeyRevoked change{key->details.key_id, "", key->details.revoked_at.value_or(now)};
    for (const PrincipalDetails& principal : directory.principals) {
        if (principal.id == key->details.principal) {
            change.principal_name = principal.name;
        }
    }
    return unless_last_administrator(directory, std::move(change), now);
}

Result<Change> enable_sql_login(const DirectoryContents& directory, std::string_view principal_name,
                                std::string verifier, WallTime now) {
    const PrincipalDetails* principal = find_named(directory, principal_name);
    if (principal == nullptr) {
        return no_principal(principal_name);
    }
    if (principal->disabled) {
        return fail(invalid_argument("principal_name",
                                     "the principal '" + principal->name + "' is disabled"));
    }
    if (const auto login = sql_login_name(principal->name); !login) {
        return fail(login.error());
    }
    if (sql_class_of(principal->grants, now).empty()) {
        return fail(invalid_argument(
            "principal_name", "'" + principal->name +
                                  "' may do nothing with entries, which is all that SQL offers: "
                                  "grant it a role on a namespace first"));
    }
    return SqlLoginEnabled{principal->id, principal->name, std::move(verifier), now};
}

Result<Change> disable_sql_login(const DirectoryContents& directory,
                                 std::string_view principal_name) {
    const PrincipalDetails* principal = find_named(directory, principal_name);
    if (principal == nullptr) {
        return no_principal(principal_name);
    }
    return SqlLoginDisabled{principal->id, principal->name};
}

DirectoryContents apply_change(DirectoryContents directory, const Change& change) {
    std::visit(Overloaded{[&](const PrincipalCreated& created) {
                              directory.principals.push_back(created.principal);
                          },
                          [&](const GrantsReplaced& replaced) {
                              if (auto* principal = find_by_id(directory, replaced.principal)) {
                                  principal->grants = replaced.grants;
                              }
                          },
                          [&](const PrincipalDisabled& disabled) {
                              if (auto* principal = find_by_id(directory, disabled.principal)) {
                                  principal->disabled = true;
                              }
                          },
                          [&](const ApiKeyIssued& issued) { directory.keys.push_back(issued.key); },
                          [&](const ApiKeyRevoked& revoked) {
                              for (StoredApiKey& key : directory.keys) {
                                  if (key.details.key_id == revoked.key_id) {
                                      key.details.revoked_at = revoked.revoked_at;
                                  }
                              }
                          },
                          [&](const SqlLoginEnabled& enabled) {
                              std::erase_if(directory.sql_logins, [&](const auto& login) {
                                  return login.principal == enabled.principal;
                              });
                              directory.sql_logins.push_back({enabled.principal, enabled.verifier});
                          },
                          [&](const SqlLoginDisabled& disabled) {
                              std::erase_if(directory.sql_logins, [&](const auto& login) {
                                  return login.principal == disabled.principal;
                              });
                          }},
               change);
    return directory;
}

std::string describe(const Grant& grant) {
    std::string text = grant.deny ? "deny " : "";
    text += name_of(grant.role);
    text += " on " + grant.namespace_pattern;
    std::string only;
    if (grant.actions != ActionSet::all()) {
        for (const Action action : grant.actions.values()) {
            only += (only.empty() ? "" : " ") + std::string(name_of(action));
        }
    }
    if (grant.types != ResourceTypeSet::all()) {
        for (const ResourceType type : grant.types.values()) {
            only += (only.empty() ? "" : " ") + std::string(name_of(type));
        }
    }
    text += only.empty() ? "" : " only " + only;
    text += grant.expires_at ? " until " + format_time(*grant.expires_at) : "";
    if (grant.requests_per_second) {
        text += " at most " + std::to_string(*grant.requests_per_second) + "/s";
    }
    if (grant.concurrency_max) {
        text += " at most " + std::to_string(*grant.concurrency_max) + " at once";
    }
    return text;
}

std::string describe(const std::vector<Grant>& grants) {
    std::string text;
    for (const Grant& grant : grants) {
        text += text.empty() ? "" : ", ";
        text += describe(grant);
    }
    return text.empty() ? "no grants" : text;
}

ChangeDescription describe(const Change& change) {
    return std::visit(
        Overloaded{
            [](const PrincipalCreated& created) -> ChangeDescription {
                const PrincipalDetails& principal = created.principal;
                return {"principal.create", principal.name,
                        std::string(name_of(principal.kind)) + "; " + describe(principal.grants)};
            },
            [](const GrantsReplaced& replaced) -> ChangeDescription {
                return {"principal.grants", replaced.principal_name, describe(replaced.grants)};
            },
            [](const PrincipalDisabled& disabled) -> ChangeDescription {
                return {"principal.disable", disabled.principal_name, ""};
            },
            [](const ApiKeyIssued& issued) -> ChangeDescription {
                const ApiKeyDetails& key = issued.key.details;
                std::string reason = "for " + issued.principal_name;
                reason += key.label.empty() ? "" : "; label " + key.label;
                reason += key.expires_at ? "; until " + format_time(*key.expires_at) : "";
                return {"key.create", key.key_id, std::move(reason)};
            },
            [](const ApiKeyRevoked& revoked) -> ChangeDescription {
                return {"key.revoke", revoked.key_id, "of " + revoked.principal_name};
            },
            [](const SqlLoginEnabled& enabled) -> ChangeDescription {
                return {"sql.enable", enabled.principal_name, ""};
            },
            [](const SqlLoginDisabled& disabled) -> ChangeDescription {
                return {"sql.disable", disabled.principal_name, ""};
            }},
        change);
}

}  // namespace pgmind::security
