#include "integration/adapters/acl_security.hpp"

#include <algorithm>
#include <utility>

#include "integration/adapters/problem.hpp"
#include "platform/http/message.hpp"

namespace pgmind::integration {
namespace {

using Subject = Permission::Subject;

std::vector<security::Resource> resources_of(Permission permission,
                                             std::vector<std::string> namespaces) {
    std::vector<security::Resource> resources;
    switch (permission.subject()) {
        case Subject::anybody:
        case Subject::any_caller:
            break;
        case Subject::one_thing:
        case Subject::one_thing_or_here:
            resources.push_back({permission.type(), ""});
            break;
        case Subject::one_namespace:
        case Subject::namespaces:
            for (std::string& name : namespaces) {
                resources.push_back({permission.type(), std::move(name)});
            }
            if (resources.empty()) {
                resources.push_back({permission.type(), ""});
            }
            break;
    }
    return resources;
}

// What "wherever allowed" stands for in the audit log: "*", or "a-*, b except a-secret".
std::string text_of(const security::Security::NamespacePatterns& patterns) {
    const auto joined = [](const std::vector<std::string>& names) {
        std::string text;
        for (const std::string& name : names) {
            text += (text.empty() ? "" : ", ") + name;
        }
        return text;
    };
    std::string text = joined(patterns.allowed);
    if (!patterns.denied.empty()) {
        text += " except " + joined(patterns.denied);
    }
    return text;
}

}  // namespace

void Admission::narrow_to(std::vector<std::string> namespaces) {
    std::sort(namespaces.begin(), namespaces.end());
    const auto last = std::unique(namespaces.begin(), namespaces.end());
    namespaces.erase(last, namespaces.end());
    if (namespaces.empty()) {
        return;
    }
    resources.clear();
    for (std::string& name : namespaces) {
        resources.push_back({security::ResourceType::memory, std::move(name)});
    }
}

void add_rate_fields(http::Headers& headers, const Passage& passage) {
    if (passage.rate) {
        headers.set("RateLimit-Limit", std::to_string(passage.rate->limit));
        headers.set("RateLimit-Remaining", std::to_string(passage.rate->remaining));
        headers.set("RateLimit-Reset", std::to_string(passage.rate->reset.count()));
    }
}

Task<Result<security::PrincipalSnapshot>> AccessGate::authenticate(
    RequestContext& request, security::Credentials credentials, Passage& passage) {
    security::Admittance from_there = security_.admit_address(request);
    passage.rate = from_there.rate;
    if (from_there.refusal) {
        co_return fail(std::move(*from_there.refusal));
    }
    auto principal = co_await security_.authenticate(request, std::move(credentials));
    if (principal) {
        request.principal = (*principal)->id;
        request.principal_name = (*principal)->name;
        security::Admittance admittance = security_.admit_principal(**principal);
        passage.rate = admittance.rate;
        passage.permit = std::move(admittance.permit);
        if (admittance.refusal) {
            co_return fail(std::move(*admittance.refusal));
        }
    }
    co_return principal;
}

Task<Result<Admission>> AccessGate::authorize(const RequestContext& request,
                                              security::PrincipalSnapshot principal,
                                              Permission permission,
                                              std::vector<std::string> namespaces) {
    Admission admission;
    admission.principal = std::move(principal);
    admission.action = permission.action();
    if (permission.subject() == Subject::one_namespace && namespaces.size() != 1) {
        co_return fail(BaseErrc::internal, "a request for one namespace names another number");
    }
    std::vector<security::Resource> wanted = resources_of(permission, std::move(namespaces));
    for (security::Resource& resource : wanted) {
        auto allowed = co_await security_.authorize(request, admission.principal,
                                                    permission.action(), resource);
        if (!allowed) {
            co_return fail(std::move(allowed.error()));
        }
        admission.resources.push_back(std::move(resource));
    }
    if (permission.subject() == Subject::namespaces) {
        auto patterns = security_.namespace_patterns(*admission.principal, permission.action());
        for (security::Resource& resource : admission.resources) {
            if (resource.name.empty()) {
                resource.name = text_of(patterns);
            }
        }
        admission.access = {std::move(patterns.allowed), std::move(patterns.denied)};
    }
    co_return admission;
}

Task<Result<void>> AccessGate::record(const RequestContext& request, const Admission& admission,
                                      std::string outcome) {
    for (const security::Resource& resource : admission.resources) {
        auto recorded = co_await security_.record(request, admission.principal, admission.action,
                                                  resource, outcome);
        if (!recorded) {
            co_return recorded;
        }
    }
    co_return Result<void>();
}

Task<Result<void>> AccessGate::turned_away(const RequestContext& request, const Error& reason) {
    const Problem problem = problem_of(reason);
    security::TurnedAway refusal{problem.name, problem.detail};
    auto recorded = co_await security_.record_turned_away(request, std::move(refusal));
    co_return recorded;
}

std::string bearer_key(std::string_view authorization) {
    constexpr std::string_view scheme = "bearer ";
    if (authorization.size() <= scheme.size() ||
        !http::equals_ignoring_case(authorization.substr(0, scheme.size()), scheme)) {
        return {};
    }
    authorization.remove_prefix(scheme.size());
    while (!authorization.empty() && authorization.front() == ' ') {
        authorization.remove_prefix(1);
    }
    return std::string(authorization);
}

security::Credentials credentials_of(const http::RequestHead& head) {
    security::Credentials credentials;
    credentials.api_key = bearer_key(head.headers.find("Authorization").value_or(""));
    if (const auto& peer = head.peer_certificate) {
        security::ClientCertificate certificate;
        certificate.not_after = std::chrono::time_point_cast<WallTime::duration>(peer->not_after);
        for (const std::string& uri : peer->uris) {
            certificate.names.push_back("uri:" + uri);
        }
        for (const std::string& name : peer->dns_names) {
            certificate.names.push_back("dns:" + name);
        }
        if (!peer->common_name.empty()) {
            certificate.names.push_back("cn:" + peer->common_name);
        }
        credentials.certificate = std::move(certificate);
    }
    return credentials;
}

}  // namespace pgmind::integration
