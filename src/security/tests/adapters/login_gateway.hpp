#pragma once

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "security/adapters/security_runtime.hpp"
#include "security/tests/adapters/coordinator.hpp"

namespace pgmind::security::testing {

/// One gateway process with one worker, whose loop run() drives.
class LoginGateway {
  public:
    explicit LoginGateway(
        const Coordinator& coordinator,
        std::function<void(SecurityOptions&)> change = [](SecurityOptions&) {}) {
        SecurityOptions options;
        options.coordinator = coordinator.gateway();
        options.hmac_key = std::string(32, 'k');
        options.audit_signing_seed = std::string(32, 's');
        options.hashing.cost = {64, 1};
        options.attempts = {.burst = 1'000, .per_second = 1'000};
        change(options);
        auto started = SecurityRuntime::start(std::move(options), bus, registry, soon());
        if (!started) {
            throw std::runtime_error(started.error().detail);
        }
        runtime = std::move(*started);
        security = runtime->make_security();
        request.request_id = new_request_id();
        request.protocol = "rest";
        request.remote_address = "127.0.0.1";
    }
    template <class T>
    T run(Task<T> task) {
        return async::run_blocking_loop(loop, std::move(task));
    }
    RequestContext& asked() {
        request.deadline = soon();
        return request;
    }
    void add(const std::string& name, PrincipalKind kind = PrincipalKind::user) {
        const auto made =
            run(security->create_principal(asked(), {name, kind, {{Role::app_user, "*", false}}}));
        EXPECT_TRUE(made) << made.error().detail;
    }
    Result<void> set_password(const std::string& name, const std::string& password) {
        return run(security->set_password(asked(), name, password));
    }
    Result<IssuedSession> log_in(const std::string& name, const std::string& password,
                                 const std::string& code = "") {
        return run(security->log_in(asked(), LoginRequest{name, password, code}));
    }
    Result<PrincipalSnapshot> present(const std::string& token) {
        return run(security->authenticate(asked(), Credentials{token}));
    }

    async::EventBus bus;
    metrics::Registry registry;
    boost::asio::io_context loop{1};
    std::unique_ptr<SecurityRuntime> runtime;
    std::unique_ptr<Security> security;
    RequestContext request;
};

}  // namespace pgmind::security::testing
