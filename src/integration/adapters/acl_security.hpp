#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.hpp"
#include "base/request_context.hpp"
#include "integration/adapters/permission.hpp"
#include "memory/api/requests.hpp"
#include "platform/http/message.hpp"
#include "security/api/security.hpp"

namespace pgmind::integration {

/// What a caller was allowed: proof that the gate was passed, and what record() writes down.
struct Admission {
    security::PrincipalSnapshot principal;  ///< null on open routes
    security::Action action = security::Action::read;
    std::vector<security::Resource> resources;  ///< those that were authorised
    memory::NamespaceAccess access;             ///< for Subject::namespaces: applied by memory

    /// After a read over all that is allowed: the audit log shall name the namespaces that were
    /// seen in the answer. Without any it keeps what was authorised.
    void narrow_to(std::vector<std::string> namespaces);
};

/// What a request takes while it runs, and what its answer says about the caller's rate.
struct Passage {
    std::optional<security::RateState> rate;
    std::shared_ptr<const void> permit;
};

/// RateLimit-Limit, -Remaining and -Reset, where a rate is set.
void add_rate_fields(http::Headers& headers, const Passage& passage);

/// The one place where protocols meet the Security context: who calls, may they, write it down.
/// One per worker; belongs to that worker's loop.
class AccessGate {
  public:
    explicit AccessGate(security::Security& security) : security_(security) {}

    /// Who calls, unless the address or the principal sent too many requests. Fills in
    /// request.principal and the passage, which the caller keeps until the request has ended.
    Task<Result<security::PrincipalSnapshot>> authenticate(RequestContext& request,
                                                           security::Credentials credentials,
                                                           Passage& passage);

    /// `namespaces`: those that the request names; exactly one for Subject::one_namespace.
    Task<Result<Admission>> authorize(const RequestContext& request,
                                      security::PrincipalSnapshot principal, Permission permission,
                                      std::vector<std::string> namespaces);

    /// After the use case, before the reply; an error replaces the reply. `outcome` is "ok" or the
    /// name of a failure.
    Task<Result<void>> record(const RequestContext& request, const Admission& admission,
                              std::string outcome);

    /// A request that was refused before anybody asked who sends it: a page of another site, a name
    /// that is not this server's. An error replaces the reply.
    Task<Result<void>> turned_away(const RequestContext& request, const Error& reason);

    security::Security& security() { return security_; }

  private:
    security::Security& security_;
};

/// The key in an Authorization header of the form "Bearer KEY"; empty when it has another form.
std::string bearer_key(std::string_view authorization);

/// All that a request brings to show who sends it.
security::Credentials credentials_of(const http::RequestHead& head);

}  // namespace pgmind::integration
