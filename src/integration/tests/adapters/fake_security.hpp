#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "security/api/security.hpp"

namespace pgmind::integration::testing {

/// Says yes and remembers what it was asked.
class FakeSecondFactors final : public security::SecondFactors {
  public:
    std::string asked;  ///< "confirm ann 123456"
    std::optional<Error> error;
    security::SecondFactorStatus state;

    Task<Result<security::SecondFactorStatus>> status(
        const RequestContext&, security::PrincipalSnapshot principal) override {
        return answer("status " + principal->name, state);
    }
    Task<Result<security::SecondFactorEnrolment>> enrol(const RequestContext&,
                                                        security::PrincipalSnapshot principal,
                                                        std::string password) override {
        return answer("enrol " + principal->name + " " + password,
                      security::SecondFactorEnrolment{"MZXW6", "otpauth://totp/x"});
    }
    Task<Result<std::vector<std::string>>> confirm(const RequestContext&,
                                                   security::PrincipalSnapshot principal,
                                                   std::string code) override {
        return answer("confirm " + principal->name + " " + code,
                      std::vector<std::string>{"abcd-efgh-ijkl-mnop"});
    }
    Task<Result<void>> disable(const RequestContext&, security::PrincipalSnapshot principal,
                               security::SecondFactorProof proof) override {
        asked = "disable " + principal->name + " " + proof.password + " " + proof.code;
        co_return done();
    }
    Task<Result<std::vector<std::string>>> renew_recovery_codes(
        const RequestContext&, security::PrincipalSnapshot principal,
        security::SecondFactorProof proof) override {
        return answer("renew " + principal->name + " " + proof.password + " " + proof.code,
                      std::vector<std::string>{"abcd-efgh-ijkl-mnop"});
    }
    Task<Result<void>> reset(const RequestContext&, std::string principal_name) override {
        asked = "reset " + principal_name;
        co_return done();
    }

  private:
    template <class T>
    Task<Result<T>> answer(std::string question, T value) {
        asked = std::move(question);
        if (error) {
            co_return fail(*error);
        }
        co_return value;
    }
    Result<void> done() const { return error ? Result<void>(fail(*error)) : Result<void>(); }
};

/// Security that a test steers: keys and their principals, who may do what, and failures.
class FakeSecurity final : public security::Security {
  public:
    struct Recorded {
        std::string principal;
        std::string action;
        std::string resource;
        std::string outcome;
    };

    std::map<std::string, security::Principal> principals_by_key;
    std::vector<Recorded> records;
    std::vector<std::string> authorized;   ///< "read memory notes", allowed or not
    std::vector<std::string> turned_away;  ///< outcomes
    security::Admittance address_admittance;
    security::Admittance principal_admittance;
    std::optional<Error> record_error;
    std::optional<Error> administration_error;
    std::vector<security::PrincipalDetails> details;
    std::vector<security::ApiKeyDetails> keys;
    FakeSecondFactors factors;
    std::vector<security::SessionDetails> sessions;
    std::string session_named;  ///< the one that was revoked last
    std::string password;       ///< that was presented or set last
    std::vector<security::AuditRecord> audit;
    security::NewPrincipal created;
    security::NewApiKey created_key;
    std::vector<security::Grant> granted;
    std::string named;  ///< the principal or key that was named last
    security::AuditQuery audit_query;

    void add(std::string key, std::string name, std::vector<security::Grant> grants) {
        security::Principal principal;
        principal.id = PrincipalId("id-" + name);
        principal.name = name;
        principal.grants = std::move(grants);
        principals_by_key[key] = std::move(principal);
    }

    security::Admittance admit_address(const RequestContext&) override {
        return address_admittance;
    }
    security::Admittance admit_principal(const security::Principal&) override {
        return principal_admittance;
    }

    Task<Result<security::PrincipalSnapshot>> authenticate(
        const RequestContext&, security::Credentials credentials) override {
        const auto found = principals_by_key.find(credentials.api_key);
        if (found == principals_by_key.end()) {
            co_return fail(make_code(Failure::unauthenticated), "the key is missing or not valid");
        }
        co_return std::make_shared<const security::Principal>(found->second);
    }

    Task<Result<void>> authorize(const RequestContext&, security::PrincipalSnapshot principal,
                                 security::Action action, security::Resource resource) override {
        authorized.push_back(std::string(name_of(action)) + " " +
                             std::string(name_of(resource.type)) + " " + resource.name);
        if (!may(*principal, action, resource)) {
            co_return fail(make_code(Failure::permission_denied), "no grant allows it");
        }
        co_return Result<void>();
    }

    Task<Result<void>> record(const RequestContext&, security::PrincipalSnapshot principal,
                              security::Action action, security::Resource resource,
                              std::string outcome) override {
        if (record_error) {
            co_return fail(*record_error);
        }
        records.push_back({principal->name, std::string(name_of(action)),
                           std::string(name_of(resource.type)) + ":" + resource.name, outcome});
        co_return Result<void>();
    }

    Task<Result<void>> record_turned_away(const RequestContext&,
                                          security::TurnedAway refusal) override {
        if (record_error) {
            co_return fail(*record_error);
        }
        turned_away.push_back(refusal.outcome);
        co_return Result<void>();
    }

    // Enough of the real rules: admin may do all, auditor reads the audit log, the others work on
    // memory in their patterns, readonly only reads.
    bool may(const security::Principal& principal, security::Action action,
             const security::Resource& resource) const override {
        for (const security::Grant& grant : principal.grants) {
            const bool in_pattern =
                resource.name.empty() || matches_pattern(grant.namespace_pattern, resource.name);
            if (in_pattern && role_may(grant.role, action, resource.type)) {
                return true;
            }
        }
        return false;
    }

    NamespacePatterns namespace_patterns(const security::Principal& principal,
                                         security::Action action) const override {
        NamespacePatterns patterns;
        for (const security::Grant& grant : principal.grants) {
            if (role_may(grant.role, action, security::ResourceType::memory)) {
                patterns.allowed.push_back(grant.namespace_pattern);
            }
        }
        return patterns;
    }

    Result<security::Explanation> explain(const security::ExplainRequest& question) const override {
        const auto found = principals_by_key.find(question.principal_name);
        if (found == principals_by_key.end()) {
            return fail(make_code(Failure::not_found), "there is no such principal");
        }
        const bool allowed = may(found->second, question.action, question.resource);
        security::Explanation explanation{allowed, allowed ? "granted" : "no grant", {}, 7};
        for (const security::Grant& grant : found->second.grants) {
            explanation.grants.push_back({grant, allowed ? "allows" : "does not count", allowed});
        }
        return explanation;
    }

    Task<Result<security::PrincipalDetails>> create_principal(
        const RequestContext&, security::NewPrincipal principal) override {
        created = principal;
        if (administration_error) {
            co_return fail(*administration_error);
        }
        security::PrincipalDetails result;
        result.id = PrincipalId("id-" + principal.name);
        result.name = principal.name;
        result.kind = principal.kind;
        result.grants = principal.grants;
        co_return result;
    }
    Task<Result<std::vector<security::PrincipalDetails>>> list_principals(
        const RequestContext&) override {
        if (administration_error) {
            co_return fail(*administration_error);
        }
        co_return details;
    }
    Task<Result<security::PrincipalDetails>> set_grants(
        const RequestContext&, std::string principal_name,
        std::vector<security::Grant> grants) override {
        named = principal_name;
        granted = grants;
        if (administration_error) {
            co_return fail(*administration_error);
        }
        security::PrincipalDetails result;
        result.name = principal_name;
        result.grants = grants;
        co_return result;
    }
    Task<Result<void>> disable_principal(const RequestContext&,
                                         std::string principal_name) override {
        named = principal_name;
        co_return done();
    }
    Task<Result<security::IssuedApiKey>> create_api_key(const RequestContext&,
                                                        security::NewApiKey key) override {
        created_key = key;
        if (administration_error) {
            co_return fail(*administration_error);
        }
        security::IssuedApiKey issued;
        issued.api_key = "pgm_k1_secret";
        issued.details.key_id = "k1";
        issued.details.principal = PrincipalId("p");
        issued.details.label = key.label;
        co_return issued;
    }
    Task<Result<std::vector<security::ApiKeyDetails>>> list_api_keys(
        const RequestContext&, std::string principal_name) override {
        named = principal_name;
        if (administration_error) {
            co_return fail(*administration_error);
        }
        co_return keys;
    }
    Task<Result<void>> revoke_api_key(const RequestContext&, std::string key_id) override {
        named = key_id;
        co_return done();
    }
    Task<Result<security::SqlCredentials>> enable_sql(const RequestContext&,
                                                      std::string principal_name) override {
        named = principal_name;
        if (administration_error) {
            co_return fail(*administration_error);
        }
        co_return security::SqlCredentials{"sql_" + principal_name, "secret"};
    }
    Task<Result<void>> disable_sql(const RequestContext&, std::string principal_name) override {
        named = principal_name;
        co_return done();
    }
    Task<Result<security::IssuedSession>> log_in(const RequestContext&,
                                                 security::LoginRequest login) override {
        named = login.name;
        password = login.password;
        if (administration_error) {
            co_return fail(*administration_error);
        }
        co_return security::IssuedSession{"pgs_token", {}, std::chrono::seconds(1'800)};
    }
    Task<Result<void>> set_password(const RequestContext&, std::string principal_name,
                                    std::string wanted) override {
        named = principal_name;
        password = wanted;
        if (administration_error) {
            co_return fail(*administration_error);
        }
        co_return Result<void>();
    }
    Task<Result<void>> change_password(const RequestContext&, security::PrincipalSnapshot principal,
                                       security::PasswordChange change) override {
        named = principal->name;
        password = change.current + " -> " + change.wanted;
        if (administration_error) {
            co_return fail(*administration_error);
        }
        co_return Result<void>();
    }
    Task<Result<std::vector<security::SessionDetails>>> list_sessions(
        const RequestContext&, std::string principal_name) override {
        named = principal_name;
        co_return sessions;
    }
    Task<Result<void>> revoke_session(const RequestContext&, std::string principal_name,
                                      std::string session_id) override {
        named = principal_name;
        session_named = session_id;
        if (administration_error) {
            co_return fail(*administration_error);
        }
        co_return Result<void>();
    }

    security::SecondFactors& second_factors() override { return factors; }

    Task<Result<std::vector<security::AuditRecord>>> query_audit(
        const RequestContext&, security::AuditQuery query) override {
        audit_query = query;
        co_return audit;
    }

    /// A code of this fake's own category with that condition.
    static std::error_code make_code(Failure failure);

  private:
    static bool role_may(security::Role role, security::Action action,
                         security::ResourceType type) {
        using security::Action;
        using security::ResourceType;
        using security::Role;
        const bool on_memory = type == ResourceType::memory;
        switch (role) {
            case Role::admin:
                return true;
            case Role::auditor:
                return type == ResourceType::audit && action == Action::read;
            case Role::readonly:
                return on_memory && action == Action::read;
            case Role::app_user:
                return on_memory || (type == ResourceType::namespaces && action == Action::write);
            case Role::mcp_user:
                return on_memory || (type == ResourceType::cluster && action == Action::read);
        }
        return false;
    }
    Result<void> done() const {
        if (administration_error) {
            return fail(*administration_error);
        }
        return {};
    }
};

inline std::error_code FakeSecurity::make_code(Failure failure) {
    class Category final : public std::error_category {
      public:
        const char* name() const noexcept override { return "fake"; }
        std::string message(int value) const override {
            return std::string(name_of(static_cast<Failure>(value)));
        }
        std::error_condition default_error_condition(int value) const noexcept override {
            return make_error_condition(static_cast<Failure>(value));
        }
    };
    static const Category category;
    return {static_cast<int>(failure), category};
}

}  // namespace pgmind::integration::testing
