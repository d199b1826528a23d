// The administrative part of the facade: it asks the security loop and waits for its answer.
#include <algorithm>

#include "security/api/errors.hpp"
#include "security/app/security_service.hpp"

namespace pgmind::security {

Task<Result<PrincipalDetails>> SecurityService::create_principal(const RequestContext& request,
                                                                 NewPrincipal principal) {
    auto work = parts_.administration.create_principal(request, std::move(principal));
    auto created = co_await async::run_on(parts_.loop, std::move(work));
    co_return created;
}

Task<Result<std::vector<PrincipalDetails>>> SecurityService::list_principals(
    const RequestContext& request) {
    static_cast<void>(request);
    const auto directory = reader_.current(parts_.clock.steady_now());
    if (!directory) {
        co_return fail(directory.error());
    }
    std::vector<PrincipalDetails> principals = (*directory)->contents().principals;
    std::sort(principals.begin(), principals.end(),
              [](const PrincipalDetails& left, const PrincipalDetails& right) {
                  return left.name < right.name;
              });
    co_return principals;
}

Task<Result<PrincipalDetails>> SecurityService::set_grants(const RequestContext& request,
                                                           std::string principal_name,
                                                           std::vector<Grant> grants) {
    auto work =
        parts_.administration.set_grants(request, std::move(principal_name), std::move(grants));
    auto changed = co_await async::run_on(parts_.loop, std::move(work));
    co_return changed;
}

Task<Result<void>> SecurityService::disable_principal(const RequestContext& request,
                                                      std::string principal_name) {
    auto work = parts_.administration.disable_principal(request, std::move(principal_name));
    auto disabled = co_await async::run_on(parts_.loop, std::move(work));
    co_return disabled;
}

Task<Result<IssuedApiKey>> SecurityService::create_api_key(const RequestContext& request,
                                                           NewApiKey key) {
    auto work = parts_.administration.create_api_key(request, std::move(key));
    auto created = co_await async::run_on(parts_.loop, std::move(work));
    co_return created;
}

Task<Result<std::vector<ApiKeyDetails>>> SecurityService::list_api_keys(
    const RequestContext& request, std::string principal_name) {
    static_cast<void>(request);
    const auto directory = reader_.current(parts_.clock.steady_now());
    if (!directory) {
        co_return fail(directory.error());
    }
    const PrincipalDetails* principal = (*directory)->find_principal_named(principal_name);
    if (principal == nullptr) {
        co_return fail(Errc::principal_not_found, "there is no principal '" + principal_name + "'");
    }
    co_return (*directory)->keys_of(principal->id);
}

Task<Result<void>> SecurityService::revoke_api_key(const RequestContext& request,
                                                   std::string key_id) {
    auto work = parts_.administration.revoke_api_key(request, std::move(key_id));
    auto revoked = co_await async::run_on(parts_.loop, std::move(work));
    co_return revoked;
}

Task<Result<SqlCredentials>> SecurityService::enable_sql(const RequestContext& request,
                                                         std::string principal_name) {
    if (!parts_.limits.sql_logins) {
        co_return fail(Errc::sql_not_offered,
                       "SQL logins are offered only where pgmind runs the servers of the shards");
    }
    auto work = parts_.administration.enable_sql(request, std::move(principal_name));
    auto enabled = co_await async::run_on(parts_.loop, std::move(work));
    co_return enabled;
}

Task<Result<void>> SecurityService::disable_sql(const RequestContext& request,
                                                std::string principal_name) {
    auto work = parts_.administration.disable_sql(request, std::move(principal_name));
    auto disabled = co_await async::run_on(parts_.loop, std::move(work));
    co_return disabled;
}

}  // namespace pgmind::security
