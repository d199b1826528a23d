#include "security/app/administration.hpp"

#include <algorithm>

#include "security/api/errors.hpp"
#include "security/api/events.hpp"
#include "security/app/audit_records.hpp"
#include "security/domain/decision.hpp"
#include "security/domain/sql_access.hpp"

namespace pgmind::security {
namespace {

// How often a change is decided again because another one came first.
constexpr int kAttemptsMax = 8;

template <class Kind>
Result<std::vector<Change>> as_changes(Result<Kind> change) {
    if (!change) {
        return fail(std::move(change.error()));
    }
    std::vector<Change> changes;
    changes.emplace_back(std::move(*change));
    return changes;
}

bool contains(const std::vector<Grant>& grants, const Grant& wanted) {
    return std::find(grants.begin(), grants.end(), wanted) != grants.end();
}

// Whether `from` gives something that `to` does not, or `to` denies something that `from` does not.
bool takes_away(const std::vector<Grant>& from, const std::vector<Grant>& to) {
    const auto lost = [&](const Grant& grant) { return !grant.deny && !contains(to, grant); };
    const auto denied = [&](const Grant& grant) { return grant.deny && !contains(from, grant); };
    return std::any_of(from.begin(), from.end(), lost) || std::any_of(to.begin(), to.end(), denied);
}

// A name for a new administrator: admin, or admin-2 and so on when those are taken (by principals
// that may not administer or are disabled).
std::string free_administrator_name(const DirectoryContents& directory) {
    std::string name = "admin";
    const auto taken = [&](const PrincipalDetails& principal) { return principal.name == name; };
    for (int i = 2; std::any_of(directory.principals.begin(), directory.principals.end(), taken);
         ++i) {
        name = "admin-" + std::to_string(i);
    }
    return name;
}

}  // namespace

Administration::Administration(DirectoryStore& store, DirectoryCache& cache,
                               DirectoryRefresher& refresher, const KeyCryptography& cryptography,
                               async::EventBus& bus, const Clock& clock)
    : store_(store),
      cache_(cache),
      refresher_(refresher),
      cryptography_(cryptography),
      bus_(bus),
      clock_(clock) {}

Task<Result<Administration::Changes>> Administration::change(RequestContext request,
                                                             Decide decide) {
    for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
        const auto directory = cache_.newest();
        if (directory == nullptr) {
            co_return fail(Errc::directory_stale, "the principals were not read yet");
        }
        auto changes = decide(directory->contents());
        if (!changes || changes->empty()) {
            co_return changes;
        }
        const auto records = records_of(request, *directory, *changes);
        const DirectoryRevision expected = directory->revision();
        const auto stored = co_await store_.store(*changes, records, expected, request.deadline);
        if (!stored) {
            co_return fail(stored.error());
        }
        const auto refreshed = co_await refresher_.refresh(request.deadline);
        if (*stored) {
            // It is done, also when this gateway hears of it only with its next look.
            publish(request, *directory, *changes);
            co_return changes;
        }
        if (!refreshed) {
            co_return fail(refreshed.error());
        }
    }
    co_return fail(Errc::concurrent_change,
                   "principals were changed by others meanwhile; try again");
}

std::vector<AuditRecord> Administration::records_of(const RequestContext& request,
                                                    const Directory& directory,
                                                    const Changes& changes) const {
    const PrincipalDetails* actor = directory.find_principal(request.principal);
    const std::string name = actor != nullptr ? actor->name : request.principal_name;
    const std::string itself = request.principal.empty() ? "pgmind" : name;
    std::vector<AuditRecord> records;
    for (const Change& change : changes) {
        records.push_back(change_record(request, clock_.now(), itself, change));
    }
    return records;
}

void Administration::publish(const RequestContext& request, const Directory& before,
                             const Changes& changes) {
    for (const Change& change : changes) {
        if (const auto* created = std::get_if<PrincipalCreated>(&change)) {
            bus_.publish(request, PermissionGranted{created->principal.name});
        } else if (const auto* replaced = std::get_if<GrantsReplaced>(&change)) {
            const PrincipalDetails* old = before.find_principal(replaced->principal);
            const std::vector<Grant> none;
            const auto& grants = old == nullptr ? none : old->grants;
            if (takes_away(grants, replaced->grants)) {
                bus_.publish(request, PermissionRevoked{replaced->principal_name});
            }
            if (takes_away(replaced->grants, grants)) {
                bus_.publish(request, PermissionGranted{replaced->principal_name});
            }
        } else if (const auto* disabled = std::get_if<PrincipalDisabled>(&change)) {
            bus_.publish(request, PermissionRevoked{disabled->principal_name});
        } else if (const auto* issued = std::get_if<ApiKeyIssued>(&change)) {
            bus_.publish(request, PermissionGranted{issued->principal_name});
        } else if (const auto* revoked = std::get_if<ApiKeyRevoked>(&change)) {
            bus_.publish(request, PermissionRevoked{revoked->principal_name});
        } else if (const auto* enabled = std::get_if<SqlLoginEnabled>(&change)) {
            bus_.publish(request, PermissionGranted{enabled->principal_name});
        } else if (const auto* closed = std::get_if<SqlLoginDisabled>(&change)) {
            bus_.publish(request, PermissionRevoked{closed->principal_name});
        }
        bus_.publish(request, AuditLogCreated{"allow"});
    }
}

Task<Result<PrincipalDetails>> Administration::create_principal(RequestContext request,
                                                                NewPrincipal wanted) {
    const PrincipalId id(new_uuid());
    Decide decide = [&wanted, &id, this](const DirectoryContents& directory) {
        return as_changes(security::create_principal(directory, wanted, id, clock_.now()));
    };
    auto changes = co_await change(request, std::move(decide));
    if (!changes) {
        co_return fail(std::move(changes.error()));
    }
    co_return std::get<PrincipalCreated>(changes->front()).principal;
}

Task<Result<PrincipalDetails>> Administration::set_grants(RequestContext request,
                                                          std::string principal_name,
                                                          std::vector<Grant> grants) {
    PrincipalDetails details;
    Decide decide = [&, this](const DirectoryContents& directory) {
        auto changes = as_changes(replace_grants(directory, principal_name, grants, clock_.now()));
        if (changes) {
            for (const PrincipalDetails& principal : directory.principals) {
                if (principal.name == principal_name) {
                    details = principal;
                }
            }
        }
        return changes;
    };
    auto changes = co_await change(request, std::move(decide));
    if (!changes) {
        co_return fail(std::move(changes.error()));
    }
    details.grants = std::move(grants);
    co_return details;
}

Task<Result<void>> Administration::disable_principal(RequestContext request,
                                                     std::string principal_name) {
    Decide decide = [&, this](const DirectoryContents& directory) {
        return as_changes(security::disable_principal(directory, principal_name, clock_.now()));
    };
    const auto changes = co_await change(request, std::move(decide));
    if (!changes) {
        co_return fail(changes.error());
    }
    co_return Result<void>();
}

Task<Result<SqlCredentials>> Administration::enable_sql(RequestContext request,
                                                        std::string principal_name) {
    KeyMaterial material = cryptography_.generate();
    const std::string verifier = cryptography_.sql_verifier(material.secret);
    Decide decide = [&, this](const DirectoryContents& directory) {
        return as_changes(enable_sql_login(directory, principal_name, verifier, clock_.now()));
    };
    const auto changes = co_await change(request, std::move(decide));
    if (!changes) {
        co_return fail(changes.error());
    }
    const auto login = sql_login_name(principal_name);
    co_return SqlCredentials{login.value_or(""), std::move(material.secret)};
}

Task<Result<void>> Administration::disable_sql(RequestContext request, std::string principal_name) {
    Decide decide = [&](const DirectoryContents& directory) {
        return as_changes(disable_sql_login(directory, principal_name));
    };
    const auto changes = co_await change(request, std::move(decide));
    if (!changes) {
        co_return fail(changes.error());
    }
    co_return Result<void>();
}

Result<ApiKeyIssued> Administration::issue(const DirectoryContents& directory,
                                           const NewApiKey& wanted,
                                           const KeyMaterial& material) const {
    auto change = issue_api_key(directory, wanted, material.key_id, clock_.now());
    if (!change) {
        return fail(std::move(change.error()));
    }
    ApiKeyIssued issued = std::get<ApiKeyIssued>(std::move(*change));
    const std::string& principal = issued.key.details.principal.value();
    issued.key.digest =
        cryptography_.digest(key_message(material.key_id, material.secret, principal));
    return issued;
}

Task<Result<IssuedApiKey>> Administration::create_api_key(RequestContext request,
                                                          NewApiKey wanted) {
    KeyMaterial material = cryptography_.generate();
    Decide decide = [&, this](const DirectoryContents& directory) {
        return as_changes(issue(directory, wanted, material));
    };
    auto changes = co_await change(request, std::move(decide));
    if (!changes) {
        co_return fail(std::move(changes.error()));
    }
    IssuedApiKey key{format_api_key(material.key_id, material.secret),
                     std::get<ApiKeyIssued>(changes->front()).key.details};
    cryptography_.wipe(material.secret);
    co_return key;
}

Task<Result<void>> Administration::revoke_api_key(RequestContext request, std::string key_id) {
    Decide decide = [&, this](const DirectoryContents& directory) {
        return as_changes(security::revoke_api_key(directory, key_id, clock_.now()));
    };
    const auto changes = co_await change(request, std::move(decide));
    if (!changes) {
        co_return fail(changes.error());
    }
    co_return Result<void>();
}

Result<Administration::Changes> Administration::decide_administrator(
    const DirectoryContents& directory, const KeyMaterial& material, const KeepKey& keep) const {
    const WallTime now = clock_.now();
    if (has_administrator(directory, now)) {
        return Changes();
    }
    Changes changes;
    DirectoryContents with = directory;
    std::string name;
    for (const PrincipalDetails& principal : directory.principals) {
        const Resource principals{ResourceType::principals, ""};
        if (!principal.disabled &&
            decide(principal.grants, Action::admin, principals, now).allowed) {
            name = principal.name;
        }
    }
    if (name.empty()) {
        name = free_administrator_name(directory);
        const NewPrincipal wanted{name, PrincipalKind::user, {{Role::admin, "*", false}}};
        auto created = security::create_principal(directory, wanted, PrincipalId(new_uuid()), now);
        if (!created) {
            return fail(std::move(created.error()));
        }
        with = apply_change(std::move(with), *created);
        changes.push_back(std::move(*created));
    }
    auto issued = issue(with, {name, "administrator, issued at start", std::nullopt}, material);
    if (!issued) {
        return fail(std::move(issued.error()));
    }
    const auto kept = keep({format_api_key(material.key_id, material.secret), issued->key.details});
    if (!kept) {
        return fail(kept.error());
    }
    changes.emplace_back(std::move(*issued));
    return changes;
}

Task<Result<std::optional<IssuedApiKey>>> Administration::ensure_administrator(
    RequestContext request, KeepKey keep) {
    const auto directory = cache_.newest();
    if (directory != nullptr && has_administrator(directory->contents(), clock_.now())) {
        co_return std::optional<IssuedApiKey>();
    }
    KeyMaterial material = cryptography_.generate();
    Decide decide = [&, this](const DirectoryContents& contents) {
        return decide_administrator(contents, material, keep);
    };
    auto changes = co_await change(request, std::move(decide));
    if (!changes) {
        co_return fail(std::move(changes.error()));
    }
    if (changes->empty()) {
        co_return std::optional<IssuedApiKey>();  // Another gateway was first.
    }
    IssuedApiKey key{format_api_key(material.key_id, material.secret),
                     std::get<ApiKeyIssued>(changes->back()).key.details};
    cryptography_.wipe(material.secret);
    co_return std::optional<IssuedApiKey>(std::move(key));
}

}  // namespace pgmind::security
