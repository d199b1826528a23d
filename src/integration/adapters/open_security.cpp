#include "integration/adapters/open_security.hpp"

#include <utility>

#include "security/api/events.hpp"

namespace pgmind::integration {
namespace {

using security::Action;
using security::Credentials;
using security::Principal;
using security::PrincipalSnapshot;
using security::Resource;

PrincipalSnapshot make_anonymous() {
    Principal principal;
    principal.id = PrincipalId("anonymous");
    principal.name = "anonymous";
    principal.kind = security::PrincipalKind::service;
    principal.grants = {{security::Role::admin, "*", false}};
    return std::make_shared<const Principal>(std::move(principal));
}

class OpenSecurity final : public security::Security {
  public:
    OpenSecurity(security::Security& inner, async::EventBus& bus)
        : inner_(inner), bus_(bus), anonymous_(make_anonymous()) {}

    Task<Result<PrincipalSnapshot>> authenticate(const RequestContext& request,
                                                 Credentials) override {
        RequestContext context = request;
        context.principal = anonymous_->id;
        bus_.publish(context, security::PrincipalAuthenticated{anonymous_->name});
        co_return anonymous_;
    }
    Task<Result<void>> authorize(const RequestContext& request, PrincipalSnapshot, Action action,
                                 Resource resource) override {
        std::string text(name_of(resource.type));
        text += resource.name.empty() ? "" : ":" + resource.name;
        bus_.publish(request, security::PermissionChecked{std::string(name_of(action)),
                                                          std::move(text), true});
        co_return Result<void>();
    }
    Task<Result<void>> record(const RequestContext& request, PrincipalSnapshot principal,
                              Action action, Resource resource, std::string outcome) override {
        auto recorded = co_await inner_.record(request, std::move(principal), action,
                                               std::move(resource), std::move(outcome));
        co_return recorded;
    }
    bool may(const Principal&, Action, const Resource&) const override { return true; }
    NamespacePatterns namespace_patterns(const Principal&, Action) const override {
        return {{"*"}, {}};
    }

    Task<Result<security::PrincipalDetails>> create_principal(
        const RequestContext& request, security::NewPrincipal principal) override {
        return inner_.create_principal(request, std::move(principal));
    }
    Task<Result<std::vector<security::PrincipalDetails>>> list_principals(
        const RequestContext& request) override {
        return inner_.list_principals(request);
    }
    Task<Result<security::PrincipalDetails>> set_grants(
        const RequestContext& request, std::string principal_name,
        std::vector<security::Grant> grants) override {
        return inner_.set_grants(request, std::move(principal_name), std::move(grants));
    }
    Task<Result<void>> disable_principal(const RequestContext& request,
                                         std::string principal_name) override {
        return inner_.disable_principal(request, std::move(principal_name));
    }
    Task<Result<security::IssuedApiKey>> create_api_key(const RequestContext& request,
                                                        security::NewApiKey key) override {
        return inner_.create_api_key(request, std::move(key));
    }
    Task<Result<std::vector<security::ApiKeyDetails>>> list_api_keys(
        const RequestContext& request, std::string principal_name) override {
        return inner_.list_api_keys(request, std::move(principal_name));
    }
    Task<Result<void>> revoke_api_key(const RequestContext& request, std::string key_id) override {
        return inner_.revoke_api_key(request, std::move(key_id));
    }
    Task<Result<std::vector<security::AuditRecord>>> query_audit(
        const RequestContext& request, security::AuditQuery query) override {
        return inner_.query_audit(request, std::move(query));
    }

  private:
    security::Security& inner_;
    async::EventBus& bus_;
    PrincipalSnapshot anonymous_;
};

}  // namespace

std::unique_ptr<security::Security> make_open_security(security::Security& inner,
                                                       async::EventBus& bus) {
    return std::make_unique<OpenSecurity>(inner, bus);
}

}  // namespace pgmind::integration
