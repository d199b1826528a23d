// What Security adds to a request, without its I/O: a loop of its own throws the audit records away
// after the same queueing and batching as in the server.
#include <benchmark/benchmark.h>

#include "async/event_bus.hpp"
#include "async/workers.hpp"
#include "integration/app/trace_store.hpp"
#include "no_logins.hpp"
#include "security/adapters/sodium_key_cryptography.hpp"
#include "security/app/security_service.hpp"
#include "security/domain/decision.hpp"

namespace pgmind::security {
namespace {

constexpr int kPrincipals = 10'000;
constexpr int kRequestsPerRound = 100;

class NoDirectory final : public DirectoryStore {
  public:
    Task<Result<DirectoryRevision>> revision(Deadline) override { co_return DirectoryRevision(); }
    Task<Result<DirectoryContents>> load(Deadline) override { co_return DirectoryContents(); }
    Task<Result<bool>> store(const std::vector<Change>&, const std::vector<AuditRecord>&,
                             const DirectoryRevision&, Deadline) override {
        co_return false;
    }
};

class NoAuditLog final : public AuditStore {
  public:
    Task<Result<void>> append(const AuditBatch&, Deadline) override { co_return Result<void>(); }
    Task<Result<std::vector<AuditRecord>>> query(const AuditQuery&, Deadline) override {
        co_return std::vector<AuditRecord>();
    }
};

// Ten thousand principals with a key each; the last one is used.
std::string fill(DirectoryCache& cache, const KeyCryptography& cryptography) {
    DirectoryContents contents;
    std::string key;
    for (int i = 0; i < kPrincipals; ++i) {
        const KeyMaterial material = cryptography.generate();
        const PrincipalId id(new_uuid());
        contents.principals.push_back({id,
                                       "principal-" + std::to_string(i),
                                       PrincipalKind::ai_agent,
                                       false,
                                       {{Role::readonly, "shared-*", false},
                                        {Role::mcp_user, "agent-*", false},
                                        {Role::admin, "agent-secret-*", true}},
                                       WallTime()});
        StoredApiKey stored{ApiKeyDetails{material.key_id, id, "", WallTime(), {}, {}}, {}};
        stored.digest =
            cryptography.digest(key_message(material.key_id, material.secret, id.value()));
        contents.keys.push_back(std::move(stored));
        key = format_api_key(material.key_id, material.secret);
    }
    cache.publish(std::make_shared<const Directory>(std::move(contents)),
                  system_clock().steady_now() + std::chrono::hours(1));
    return key;
}

// The server's parts, with the trace store listening as it does there.
class Bench {
  public:
    Bench()
        : cryptography_(std::move(*make_key_cryptography(std::string(32, 'k')))),
          key_(fill(cache_, *cryptography_)),
          refresher_(background_.executor(0), directory_store_, cache_, system_clock(), {}),
          audit_(background_.executor(0), audit_store_, system_clock(), AuditLimits{}),
          failures_(background_.executor(0), audit_, system_clock(), {}),
          administration_(directory_store_, cache_, refresher_, *cryptography_, bus_,
                          system_clock()),
          sessions_(SessionRules(), SessionLimits()),
          session_keeper_(background_.executor(0), login_store_, sessions_, system_clock()),
          limiter_(RateLimits(), system_clock()),
          login_(login_parts()),
          second_factors_(factors_, login_, login_parts()),
          service_(SecurityParts{cache_, audit_, failures_, administration_, audit_store_, login_,
                                 second_factors_, session_keeper_, sessions_, limiter_,
                                 *cryptography_, bus_, system_clock(), background_.executor(0),
                                 SecurityLimits{}}) {
        traces_.observe(bus_);
        request_.request_id = new_request_id();
        request_.protocol = "rest";
        request_.remote_address = "127.0.0.1";
        async::spawn(background_.executor(0), audit_.run());
        background_.start();
        session_ = begin_session();
    }

    const std::string& session() const { return session_; }

    // kRequestsPerRound requests in one task, so that the loop's own cost is not measured.
    void run(benchmark::State& state, bool authenticate, bool authorize, bool record) {
        run(state, key_, authenticate, authorize, record);
    }
    void run(benchmark::State& state, const std::string& credential, bool authenticate,
             bool authorize, bool record) {
        for (auto _ : state) {
            async::run_blocking_loop(loop_, round(credential, authenticate, authorize, record));
        }
        state.SetItemsProcessed(state.iterations() * kRequestsPerRound);
        if (refused_ > 0) {
            state.SkipWithError("requests were refused: the audit queue was full");
        }
    }

  private:
    LoginParts login_parts() {
        return {login_store_,   hasher_, sessions_,      cache_,          audit_,  failures_,
                *cryptography_, bus_,    system_clock(), AttemptLimits(), factors_};
    }
    // Of the last principal; its password is looked at by no real hash here.
    std::string begin_session() {
        const DirectoryContents& contents = cache_.newest()->contents();
        const PrincipalDetails& principal = contents.principals.back();
        login_store_.password = {principal.id, principal.name, "a hash"};
        request_.deadline = Deadline::after(std::chrono::seconds(10));
        const auto session = async::run_blocking_loop(
            loop_, service_.log_in(request_, LoginRequest{principal.name, "a password"}));
        return session ? session->token : "";
    }

    Task<void> round(std::string credential, bool authenticate, bool authorize, bool record) {
        const Resource resource{ResourceType::memory, "agent-7"};
        auto principal = co_await service_.authenticate(request_, Credentials{credential});
        for (int i = 0; i < kRequestsPerRound; ++i) {
            request_.request_id = new_request_id();
            if (authenticate) {
                principal = co_await service_.authenticate(request_, Credentials{credential});
                refused_ += principal ? 0 : 1;
            }
            if (authorize) {
                const auto allowed =
                    co_await service_.authorize(request_, *principal, Action::read, resource);
                refused_ += allowed ? 0 : 1;
            }
            if (record) {
                const auto recorded =
                    co_await service_.record(request_, *principal, Action::read, resource, "ok");
                refused_ += recorded ? 0 : 1;
            }
        }
    }

    boost::asio::io_context loop_{1};
    integration::TraceStore traces_{integration::TraceLimits{}};
    async::EventBus bus_;
    NoDirectory directory_store_;
    NoAuditLog audit_store_;
    DirectoryCache cache_;
    std::unique_ptr<KeyCryptography> cryptography_;
    std::string key_;
    async::Workers background_{1};
    DirectoryRefresher refresher_;
    AuditWriter audit_;
    AuthenticationFailures failures_;
    Administration administration_;
    NoSecondFactors factors_;
    OneLogin login_store_;
    NoHashing hasher_;
    SessionCache sessions_;
    SessionKeeper session_keeper_;
    RateLimiter limiter_;
    Login login_;
    SecondFactorCommands second_factors_;
    SecurityService service_;
    RequestContext request_;
    std::string session_;  ///< a token
    std::size_t refused_ = 0;
};

// Lives as long as the process: its tasks never end before what they use.
Bench& bench() {
    static Bench* const parts = new Bench();
    return *parts;
}

void authenticate(benchmark::State& state) {
    bench().run(state, true, false, false);
}
void authenticate_session(benchmark::State& state) {
    bench().run(state, bench().session(), true, false, false);
}
void authorize(benchmark::State& state) {
    bench().run(state, false, true, false);
}
void record(benchmark::State& state) {
    bench().run(state, false, false, true);
}
void whole_request(benchmark::State& state) {
    bench().run(state, true, true, true);
}

void decide_alone(benchmark::State& state) {
    std::vector<Grant> grants;
    for (int i = 0; i < 10; ++i) {
        grants.push_back({Role::mcp_user, "team-" + std::to_string(i) + "-*", i % 3 == 0});
    }
    grants.push_back({Role::app_user, "agent-*", false});
    const Resource resource{ResourceType::memory, "agent-7"};
    const WallTime now = system_clock().now();
    for (auto _ : state) {
        benchmark::DoNotOptimize(decide(grants, Action::write, resource, now));
    }
    state.SetItemsProcessed(state.iterations());
}

BENCHMARK(authenticate)->MinTime(1);
BENCHMARK(authenticate_session)->MinTime(1);
BENCHMARK(authorize)->MinTime(1);
BENCHMARK(record)->MinTime(1);
BENCHMARK(whole_request)->MinTime(1);
BENCHMARK(decide_alone)->MinTime(1);

}  // namespace
}  // namespace pgmind::security

BENCHMARK_MAIN();
