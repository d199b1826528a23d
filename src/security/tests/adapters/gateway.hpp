#pragma once

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "security/adapters/security_runtime.hpp"
#include "security/tests/adapters/coordinator.hpp"

namespace pgmind::security::testing {

inline const std::string kHmacKey(32, 'k');

/// One gateway process with one worker, whose loop run() drives.
class Gateway {
  public:
    explicit Gateway(
        const Coordinator& coordinator,
        std::function<void(SecurityOptions&)> change = [](SecurityOptions&) {}) {
        SecurityOptions options;
        options.coordinator = coordinator.gateway();
        options.hmac_key = kHmacKey;
        options.audit_signing_seed = std::string(32, 's');
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
    Result<PrincipalSnapshot> log_in(const std::string& key) {
        request.deadline = soon();
        return run(security->authenticate(request, Credentials{key}));
    }
    std::string administrator() {
        const auto key = runtime->ensure_administrator(
            [](const IssuedApiKey&) { return Result<void>(); }, soon());
        return key && *key ? (*key)->api_key : "";
    }
    std::string add(const std::string& name, std::vector<Grant> grants) {
        request.deadline = soon();
        const auto made = run(security->create_principal(
            request, {name, PrincipalKind::ai_agent, std::move(grants)}));
        EXPECT_TRUE(made) << made.error().detail;
        const auto key = run(security->create_api_key(request, {name, "", {}}));
        EXPECT_TRUE(key) << key.error().detail;
        return key ? key->api_key : "";
    }
    Result<void> read(const PrincipalSnapshot& principal, const std::string& name) {
        const Resource resource{ResourceType::memory, name};
        auto allowed = run(security->authorize(request, principal, Action::read, resource));
        if (!allowed) {
            return allowed;
        }
        return run(security->record(request, principal, Action::read, resource, "ok"));
    }

    async::EventBus bus;
    metrics::Registry registry;
    boost::asio::io_context loop{1};
    std::unique_ptr<SecurityRuntime> runtime;
    std::unique_ptr<Security> security;
    RequestContext request;
};

// How long until the condition holds; 5 s when it never does.
inline std::chrono::milliseconds time_until(
    const std::function<bool()>& condition,
    std::chrono::seconds patience = std::chrono::seconds(5)) {
    const auto begin = std::chrono::steady_clock::now();
    const Deadline limit = Deadline::after(patience);
    while (!condition() && !limit.passed()) {
        std::this_thread::yield();
    }
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                 begin);
}

}  // namespace pgmind::security::testing
