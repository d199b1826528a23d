#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "async/event_bus.hpp"
#include "async/task.hpp"
#include "security/app/audit_writer.hpp"
#include "security/app/authentication_failures.hpp"
#include "security/app/directory_cache.hpp"
#include "security/app/ports.hpp"
#include "security/app/session_cache.hpp"
#include "security/domain/attempt_limiter.hpp"
#include "security/domain/second_factor_policy.hpp"

namespace pgmind::security {

/// What logging in uses. Everything outlives it.
struct LoginParts {
    LoginStore& store;
    PasswordHasher& hasher;
    SessionCache& sessions;
    const DirectoryCache& directory;
    AuditWriter& audit;
    AuthenticationFailures& failures;
    const KeyCryptography& cryptography;
    async::EventBus& bus;
    const Clock& clock;
    AttemptLimits limits;
    const SecondFactorCryptography& factor_cryptography;
    SecondFactorPolicy policy = {};
};

/// How logins ended, since the start. Counted on the security loop, read on any thread.
struct LoginOutcomes {
    std::atomic<std::uint64_t> succeeded{0};
    std::atomic<std::uint64_t> wrong{0};      ///< name, password or code
    std::atomic<std::uint64_t> throttled{0};  ///< too many attempts of the address or the name
    std::atomic<std::uint64_t> busy{0};       ///< more at once than are hashed
    std::atomic<std::uint64_t> failed{0};     ///< for another reason, such as no coordinator
};

/// Passwords: logging in with one, setting and changing it. Every check of a password goes the same
/// way: the address's bucket, the counter of the name, the hash. Belongs to the security loop.
class Login {
  public:
    explicit Login(LoginParts parts);

    // As in security/api/security.hpp.
    Task<Result<IssuedSession>> log_in(RequestContext request, LoginRequest wanted);
    Task<Result<void>> set_password(RequestContext request, std::string principal_name,
                                    std::string password);
    Task<Result<void>> change_password(RequestContext request, PrincipalSnapshot principal,
                                       PasswordChange change);

    /// A password that was right, and its counter, which is still one too high.
    struct Checked {
        ThrottleSlot slot = 0;
        StoredPassword password;
        std::optional<std::string> rehashed;
    };
    Task<Result<Checked>> check(const RequestContext& request, std::string_view action,
                                const std::string& name, const std::string& password);
    /// Takes the failure back that a check counted.
    Task<Result<void>> forgive(const RequestContext& request, const Checked& checked);
    /// What the code is a use of; none when the principal has no second factor. Refuses as a wrong
    /// password is refused.
    Task<Result<std::optional<SecondFactorUse>>> prove(const RequestContext& request,
                                                       std::string_view action,
                                                       const std::string& name,
                                                       const Checked& checked,
                                                       const std::string& code);
    /// None when the code is wrong or was used. Fails when the secret cannot be read.
    Result<std::optional<SecondFactorUse>> find_use(const PrincipalId& principal,
                                                    const StoredSecondFactor& factor,
                                                    const std::string& code) const;
    Task<Error> refuse_code(const RequestContext& request, std::string_view action,
                            const std::string& name);

    /// Thread-safe.
    const LoginOutcomes& outcomes() const { return outcomes_; }

  private:
    Task<Result<IssuedSession>> begin_session(RequestContext request, LoginRequest wanted);
    void count(const Result<IssuedSession>& login);
    ThrottleSlot slot_of(std::string_view name) const;
    Task<Result<LoginAttempt>> begin(const RequestContext& request, std::string_view action,
                                     const std::string& name);
    /// Writes the failure down, then gives `answer`, or that it cannot be written.
    Task<Error> refuse(const RequestContext& request, std::string_view action,
                       const std::string& name, std::string_view reason, Error answer);
    StoredSession make_session(const RequestContext& request, const PrincipalId& principal,
                               const KeyMaterial& material, bool second_factor) const;
    bool second_factor_needed(const SessionDetails& session) const;
    template <TypedEvent Event>
    void publish(const RequestContext& request, const PrincipalId& principal, const Event& event) {
        DomainEvent published = to_domain_event(request, event, parts_.clock);
        published.principal = principal;
        parts_.bus.publish(std::move(published));
    }

    LoginParts parts_;
    AttemptLimiter limiter_;
    LoginOutcomes outcomes_;
};

}  // namespace pgmind::security
