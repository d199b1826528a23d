#include "gateway/open_security.hpp"

#include <utility>

namespace pgmind::app {
namespace {

using security::Action;
using security::Admittance;
using security::ApiKeyDetails;
using security::AuditQuery;
using security::AuditRecord;
using security::Credentials;
using security::ExplainRequest;
using security::Explanation;
using security::Grant;
using security::IssuedApiKey;
using security::IssuedSession;
using security::LoginRequest;
using security::NewApiKey;
using security::NewPrincipal;
using security::PasswordChange;
using security::Principal;
using security::PrincipalDetails;
using security::PrincipalSnapshot;
using security::Resource;
using security::Security;
using security::SessionDetails;
using security::SqlCredentials;
using security::TurnedAway;

class OpenSecurity final : public Security {
  public:
    OpenSecurity(std::unique_ptr<Security> inner, std::string default_key)
        : inner_(std::move(inner)), default_key_(std::move(default_key)) {}

    Admittance admit_address(const RequestContext& request) override {
        return inner_->admit_address(request);
    }
    Admittance admit_principal(const Principal& principal) override {
        return inner_->admit_principal(principal);
    }
    Task<Result<PrincipalSnapshot>> authenticate(const RequestContext& request,
                                                 Credentials credentials) override {
        if (credentials.api_key.empty() && !credentials.certificate) {
            credentials.api_key = default_key_;
        }
        return inner_->authenticate(request, std::move(credentials));
    }
    Task<Result<void>> authorize(const RequestContext& request, PrincipalSnapshot principal,
                                 Action action, Resource resource) override {
        return inner_->authorize(request, std::move(principal), action, std::move(resource));
    }
    Task<Result<void>> record(const RequestContext& request, PrincipalSnapshot principal,
                              Action action, Resource resource, std::string outcome) override {
        return inner_->record(request, std::move(principal), action, std::move(resource),
                              std::move(outcome));
    }
    Task<Result<void>> record_turned_away(const RequestContext& request,
                                          TurnedAway refusal) override {
        return inner_->record_turned_away(request, std::move(refusal));
    }
    bool may(const Principal& principal, Action action, const Resource& resource) const override {
        return inner_->may(principal, action, resource);
    }
    NamespacePatterns namespace_patterns(const Principal& principal, Action action) const override {
        return inner_->namespace_patterns(principal, action);
    }
    Result<Explanation> explain(const ExplainRequest& question) const override {
        return inner_->explain(question);
    }
    Task<Result<PrincipalDetails>> create_principal(const RequestContext& request,
                                                    NewPrincipal principal) override {
        return inner_->create_principal(request, std::move(principal));
    }
    Task<Result<std::vector<PrincipalDetails>>> list_principals(
        const RequestContext& request) override {
        return inner_->list_principals(request);
    }
    Task<Result<PrincipalDetails>> set_grants(const RequestContext& request, std::string name,
                                              std::vector<Grant> grants) override {
        return inner_->set_grants(request, std::move(name), std::move(grants));
    }
    Task<Result<void>> disable_principal(const RequestContext& request, std::string name) override {
        return inner_->disable_principal(request, std::move(name));
    }
    Task<Result<IssuedApiKey>> create_api_key(const RequestContext& request,
                                              NewApiKey key) override {
        return inner_->create_api_key(request, std::move(key));
    }
    Task<Result<std::vector<ApiKeyDetails>>> list_api_keys(const RequestContext& request,
                                                           std::string name) override {
        return inner_->list_api_keys(request, std::move(name));
    }
    Task<Result<void>> revoke_api_key(const RequestContext& request, std::string key_id) override {
        return inner_->revoke_api_key(request, std::move(key_id));
    }
    Task<Result<SqlCredentials>> enable_sql(const RequestContext& request,
                                            std::string principal_name) override {
        return inner_->enable_sql(request, std::move(principal_name));
    }
    Task<Result<void>> disable_sql(const RequestContext& request,
                                   std::string principal_name) override {
        return inner_->disable_sql(request, std::move(principal_name));
    }
    Task<Result<IssuedSession>> log_in(const RequestContext& request, LoginRequest login) override {
        return inner_->log_in(request, std::move(login));
    }
    Task<Result<void>> set_password(const RequestContext& request, std::string name,
                                    std::string password) override {
        return inner_->set_password(request, std::move(name), std::move(password));
    }
    Task<Result<void>> change_password(const RequestContext& request, PrincipalSnapshot principal,
                                       PasswordChange change) override {
        return inner_->change_password(request, std::move(principal), std::move(change));
    }
    Task<Result<std::vector<SessionDetails>>> list_sessions(const RequestContext& request,
                                                            std::string name) override {
        return inner_->list_sessions(request, std::move(name));
    }
    Task<Result<void>> revoke_session(const RequestContext& request, std::string name,
                                      std::string session_id) override {
        return inner_->revoke_session(request, std::move(name), std::move(session_id));
    }
    security::SecondFactors& second_factors() override { return inner_->second_factors(); }
    Task<Result<std::vector<AuditRecord>>> query_audit(const RequestContext& request,
                                                       AuditQuery query) override {
        return inner_->query_audit(request, std::move(query));
    }

  private:
    std::unique_ptr<Security> inner_;
    std::string default_key_;
};

}  // namespace

std::unique_ptr<security::Security> make_open_security(std::unique_ptr<security::Security> inner,
                                                       std::string default_key) {
    return std::make_unique<OpenSecurity>(std::move(inner), std::move(default_key));
}

}  // namespace pgmind::app
