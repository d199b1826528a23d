#pragma once

#include <gtest/gtest.h>

#include "async/event_bus.hpp"
#include "security/app/security_service.hpp"
#include "security/tests/app/fakes.hpp"
#include "security/tests/app/login_fakes.hpp"

namespace pgmind::security::testing {

/// The whole application layer over fakes, on one event loop that run() drives.
class Harness {
  public:
    explicit Harness(AuditLimits audit_limits = {}, FailureLimits failure_limits = {},
                     SecurityLimits security_limits = {}, SessionLimits session_limits = {},
                     AttemptLimits attempt_limits = {})
        : audit_store(loop.get_executor()),
          refresher(loop.get_executor(), directory_store, cache, system_clock(), RefreshLimits{}),
          audit(loop.get_executor(), audit_store, system_clock(), audit_limits),
          failures(loop.get_executor(), audit, system_clock(), failure_limits),
          administration(directory_store, cache, refresher, cryptography, bus, system_clock()),
          sessions(SessionRules{}, session_limits),
          session_keeper(loop.get_executor(), login_store, sessions, system_clock()),
          login(login_parts(attempt_limits)),
          second_factors(factor_store, login, login_parts(attempt_limits)),
          service_limits(security_limits),
          service(parts({})) {
        directory_store.contents.revision = {1, "first"};
        bus.subscribe("test", 10'000,
                      [this](const DomainEvent& event) { events.push_back(event); });
        request.request_id = new_request_id();
        request.protocol = "rest";
        request.remote_address = "192.0.2.1";
        request.deadline = Deadline::after(std::chrono::seconds(10));
        async::spawn(loop.get_executor(), audit.run());
    }

    // Tasks end before what they use does.
    ~Harness() {
        audit_store.failing = false;
        audit_store.uncork();
        refresher.stop();
        run(audit.stop(Deadline::after(std::chrono::milliseconds(500))));
        settle();
    }
    Harness(const Harness&) = delete;
    Harness& operator=(const Harness&) = delete;

    LoginParts login_parts(AttemptLimits limits) {
        return {login_store,    hasher,   sessions,           cache,
                audit,          failures, cryptography,       bus,
                system_clock(), limits,   factor_cryptography};
    }

    /// For a facade of the test's own.
    SecurityParts parts(std::vector<CertificateMapping> certificates,
                        ExternalIdentities* external = nullptr) {
        return {cache,          audit,
                failures,       administration,
                audit_store,    login,
                second_factors, session_keeper,
                sessions,       limiter,
                cryptography,   bus,
                system_clock(), loop.get_executor(),
                service_limits, SecondFactorPolicy{},
                external,       std::move(certificates)};
    }
    template <class T>
    T run(Task<T> task) {
        return async::run_blocking_loop(loop, std::move(task));
    }
    /// Lets everything that waits for nothing run.
    void settle() {
        loop.restart();
        while (loop.poll() > 0) {
        }
    }
    /// Runs the loop until the condition holds; false after five seconds.
    bool run_until(std::function<bool()> condition) {
        const Deadline limit = Deadline::after(std::chrono::seconds(5));
        loop.restart();
        while (!condition() && !limit.passed()) {
            loop.run_one_for(std::chrono::milliseconds(10));
        }
        return condition();
    }

    /// Adds a principal with one key to the store and shows it to the cache.
    std::string add(const std::string& name, std::vector<Grant> grants) {
        const KeyMaterial material = cryptography.generate();
        const PrincipalId id("id-" + name);
        DirectoryContents& contents = directory_store.contents;
        contents.principals.push_back(
            {id, name, PrincipalKind::user, false, std::move(grants), WallTime()});
        StoredApiKey key{ApiKeyDetails{material.key_id, id, "", WallTime(), {}, {}}, {}};
        key.digest = cryptography.digest(key_message(material.key_id, material.secret, id.value()));
        contents.keys.push_back(key);
        refresh();
        return format_api_key(material.key_id, material.secret);
    }
    void refresh() {
        directory_store.change_by_others();
        EXPECT_TRUE(run(refresher.refresh(request.deadline)).has_value());
    }
    PrincipalSnapshot log_in(const std::string& key) {
        auto principal = run(service.authenticate(request, Credentials{key}));
        EXPECT_TRUE(principal.has_value());
        return principal ? *principal : nullptr;
    }
    std::vector<std::string> event_names() {
        bus.drain();
        std::vector<std::string> names;
        for (const DomainEvent& event : events) {
            names.emplace_back(event.name);
        }
        return names;
    }

    boost::asio::io_context loop{1};
    std::vector<DomainEvent> events;
    async::EventBus bus;
    FakeDirectoryStore directory_store;
    FakeAuditStore audit_store;
    FakeCryptography cryptography;
    DirectoryCache cache;
    DirectoryRefresher refresher;
    AuditWriter audit;
    AuthenticationFailures failures;
    Administration administration;
    FakeSecondFactorStore factor_store;
    FakeSecondFactorCryptography factor_cryptography;
    FakeLoginStore login_store{factor_store};
    FakeHasher hasher;
    SessionCache sessions;
    RateLimiter limiter{RateLimits{}, system_clock()};
    SessionKeeper session_keeper;
    Login login;
    SecondFactorCommands second_factors;
    SecurityLimits service_limits;
    SecurityService service;
    RequestContext request;
};

}  // namespace pgmind::security::testing
