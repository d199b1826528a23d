#pragma once

#include <functional>
#include <string>
#include <vector>

#include "async/event_bus.hpp"
#include "async/task.hpp"
#include "security/app/directory_refresher.hpp"
#include "security/app/ports.hpp"

namespace pgmind::security {

/// Changes of principals, grants and keys: decided by the domain against the newest directory,
/// stored with their audit records in one transaction, visible on this gateway when the call
/// returns and on the others when they are notified. Belongs to the security loop.
class Administration {
  public:
    Administration(DirectoryStore& store, DirectoryCache& cache, DirectoryRefresher& refresher,
                   const KeyCryptography& cryptography, async::EventBus& bus, const Clock& clock);

    // As in security/api/security.hpp.
    Task<Result<PrincipalDetails>> create_principal(RequestContext request, NewPrincipal wanted);
    Task<Result<PrincipalDetails>> set_grants(RequestContext request, std::string principal_name,
                                              std::vector<Grant> grants);
    Task<Result<void>> disable_principal(RequestContext request, std::string principal_name);
    Task<Result<IssuedApiKey>> create_api_key(RequestContext request, NewApiKey wanted);
    Task<Result<void>> revoke_api_key(RequestContext request, std::string key_id);
    Task<Result<SqlCredentials>> enable_sql(RequestContext request, std::string principal_name);
    Task<Result<void>> disable_sql(RequestContext request, std::string principal_name);

    /// Called with a new administrator's key before anything is stored; a failure stops it all.
    using KeepKey = std::function<Result<void>(const IssuedApiKey&)>;

    /// Makes sure that somebody can administer: when no enabled administrator has a usable key (as
    /// on the first start), makes the principal `admin` where there is none and issues a key.
    /// `keep` stores that key safely; only then is it made valid. nullopt when there is nothing to
    /// do; also when another gateway did it first, and then a key that `keep` stored is not valid.
    Task<Result<std::optional<IssuedApiKey>>> ensure_administrator(RequestContext request,
                                                                   KeepKey keep);

  private:
    using Changes = std::vector<Change>;
    using Decide = std::function<Result<Changes>(const DirectoryContents&)>;

    Task<Result<Changes>> change(RequestContext request, Decide decide);
    std::vector<AuditRecord> records_of(const RequestContext& request, const Directory& directory,
                                        const Changes& changes) const;
    void publish(const RequestContext& request, const Directory& before, const Changes& changes);
    Result<ApiKeyIssued> issue(const DirectoryContents& directory, const NewApiKey& wanted,
                               const KeyMaterial& material) const;
    Result<Changes> decide_administrator(const DirectoryContents& directory,
                                         const KeyMaterial& material, const KeepKey& keep) const;

    DirectoryStore& store_;
    DirectoryCache& cache_;
    DirectoryRefresher& refresher_;
    const KeyCryptography& cryptography_;
    async::EventBus& bus_;
    const Clock& clock_;
};

}  // namespace pgmind::security
