#include "security/adapters/security_runtime.hpp"

#include "async/workers.hpp"
#include "platform/postgres/listener.hpp"
#include "platform/telemetry/log.hpp"
#include "security/adapters/audit_seal.hpp"
#include "security/adapters/audit_witness.hpp"
#include "security/adapters/postgres_audit_store.hpp"
#include "security/adapters/postgres_directory_store.hpp"
#include "security/adapters/postgres_login_store.hpp"
#include "security/adapters/postgres_second_factor_store.hpp"
#include "security/adapters/postgres_usage_channel.hpp"
#include "security/adapters/second_factor_cryptography.hpp"
#include "security/adapters/security_monitor.hpp"
#include "security/adapters/sodium_key_cryptography.hpp"
#include "security/api/errors.hpp"
#include "security/app/audit_keeper.hpp"

namespace pgmind::security {
namespace {

constexpr std::string_view kChannel = "pgmind_security";

// Long enough for every statement in flight to meet its own deadline.
constexpr std::chrono::seconds kLastStop{10};

constexpr std::size_t kResolverQueueMax = 64;

postgres::PoolLimits two_connections() {
    postgres::PoolLimits limits;
    limits.connections_max = 2;
    return limits;
}

}  // namespace

// Everything here but the thread-safe parts belongs to the one loop of `thread_`. Objects are
// destroyed only when no task of theirs runs any more (stop()).
class SecurityRuntime::Implementation {
  public:
    Implementation(SecurityOptions options, std::unique_ptr<KeyCryptography> cryptography,
                   std::unique_ptr<PasswordHasher> hasher,
                   std::unique_ptr<SecondFactorCryptography> factors,
                   crypto::SigningKey signing_key, async::EventBus& bus,
                   metrics::Registry& registry)
        : hasher_(std::move(hasher)),
          thread_(1),
          cryptography_(std::move(cryptography)),
          factor_cryptography_(std::move(factors)),
          audit_pool_(thread_.loop(0), options.coordinator, two_connections(),
                      options.observe_statement),
          query_pool_(thread_.loop(0), options.coordinator, two_connections(),
                      options.observe_statement),
          directory_pool_(thread_.loop(0), options.coordinator, two_connections(),
                          options.observe_statement),
          login_pool_(thread_.loop(0), options.coordinator, two_connections(),
                      options.observe_statement),
          session_pool_(thread_.loop(0), options.coordinator, two_connections(),
                        options.observe_statement),
          seal_(std::move(signing_key)),
          audit_store_(make_postgres_audit_store(audit_pool_, query_pool_, seal_)),
          pending_(make_postgres_pending_audit(query_pool_)),
          directory_store_(make_postgres_directory_store(directory_pool_)),
          login_store_(make_postgres_login_store(login_pool_, options.throttle)),
          factor_store_(make_postgres_second_factor_store(login_pool_)),
          session_store_(make_postgres_session_store(session_pool_)),
          refresher_(executor(), *directory_store_, cache_, system_clock(), options.refresh),
          audit_(executor(), *audit_store_, system_clock(), options.audit),
          keeper_(executor(), *pending_, audit_, system_clock()),
          witness_(executor(), seal_, options.witness),
          failures_(executor(), audit_, system_clock(), options.failures),
          administration_(*directory_store_, cache_, refresher_, *cryptography_, bus,
                          system_clock()),
          sessions_(options.session, options.sessions),
          session_keeper_(executor(), *session_store_, sessions_, system_clock()),
          usage_channel_(make_postgres_usage_channel(session_pool_)),
          sql_keeper_(executor(), cache_, system_clock(), sql_stores(options)),
          limiter_(options.rates, system_clock()),
          rate_exchange_(executor(), limiter_, *usage_channel_),
          login_(login_parts(options, bus)),
          second_factors_(*factor_store_, login_, login_parts(options, bus)),
          listener_(
              thread_.loop(0), options.coordinator,
              {std::string(kChannel), std::string(kUsageChannelName)},
              [this](std::string_view channel, std::string_view message) {
                  notified(channel, message);
              },
              [this] { refresher_.wake(); }),
          monitor_(executor(),
                   {audit_, refresher_, cache_, login_, *hasher_, session_keeper_, limiter_,
                    sql_keeper_},
                   registry),
          ended_(executor()),
          bus_(bus),
          limits_(options.security),
          policy_(options.second_factor_policy),
          certificates_(std::move(options.certificates)) {}

    void run() {
        async::spawn(executor(), counted(audit_.run()));
        async::spawn(executor(), counted(keeper_.run()));
        async::spawn(executor(), counted(witness_.run()));
        async::spawn(executor(), counted(failures_.run()));
        async::spawn(executor(), counted(refresher_.run()));
        async::spawn(executor(), counted(session_keeper_.run()));
        async::spawn(executor(), counted(rate_exchange_.run()));
        for (std::size_t i = 0; i < sql_keeper_.size(); ++i) {
            async::spawn(executor(), counted(sql_keeper_.run(i)));
        }
        async::spawn(executor(), counted(monitor_.run()));
        if (external_ != nullptr) {
            async::spawn(executor(), counted(external_->run()));
        }
        async::spawn(executor(), start_listening());
        thread_.start();
    }

    std::unique_ptr<Security> make_security() {
        return std::make_unique<SecurityService>(SecurityParts{
            cache_, audit_, failures_, administration_, *audit_store_, login_, second_factors_,
            session_keeper_, sessions_, limiter_, *cryptography_, bus_, system_clock(), executor(),
            limits_, policy_, external_.get(), certificates_});
    }

    /// Before run().
    Result<void> know_providers(std::vector<OidcProvider> providers) {
        if (providers.empty()) {
            return {};
        }
        auto external =
            make_oidc_identities(std::move(providers), thread_.loop(0), resolver_, *cryptography_);
        if (!external) {
            return fail(std::move(external.error()));
        }
        external_ = std::move(*external);
        return {};
    }

    Result<void> wait_until_loaded(Deadline deadline) { return block(load(deadline)); }

    Result<std::optional<IssuedApiKey>> ensure_administrator(Administration::KeepKey keep,
                                                             Deadline deadline) {
        RequestContext request;
        request.request_id = new_request_id();
        request.protocol = "internal";
        request.deadline = deadline;
        return block(administration_.ensure_administrator(std::move(request), std::move(keep)));
    }

    std::string not_ready_reason() const {
        DirectoryReader reader(cache_, limits_.directory_age_max);
        const auto directory = reader.current(system_clock().steady_now());
        if (!directory) {
            return directory.error().detail;
        }
        const auto now = system_clock().steady_now();
        if (now - session_keeper_.confirmed_at() > sessions_.limits().age_max) {
            return "the coordinator does not confirm sessions";
        }
        const auto admitted = audit_.admit();
        return admitted ? "" : admitted.error().detail + " (" + audit_.problem() + ")";
    }

    AuditStatistics audit_statistics() const { return audit_.statistics(); }

    Result<void> stop(Deadline deadline) {
        if (stopped_) {
            return {};
        }
        stopped_ = true;
        Result<void> flushed = block(stop_tasks(deadline));
        thread_.stop();
        thread_.join();
        return flushed;
    }

  private:
    Executor executor() { return thread_.executor(0); }

    LoginParts login_parts(const SecurityOptions& options, async::EventBus& bus) {
        return {*login_store_,
                *hasher_,
                sessions_,
                cache_,
                audit_,
                failures_,
                *cryptography_,
                bus,
                system_clock(),
                options.attempts,
                *factor_cryptography_,
                options.second_factor_policy};
    }

    template <class T>
    T block(Task<T> task) {
        return async::block_on(executor(), std::move(task));
    }

    std::vector<std::unique_ptr<SqlAccessStore>> sql_stores(SecurityOptions& options) {
        options.security.sql_logins = !options.sql_databases.empty();
        std::vector<std::unique_ptr<SqlAccessStore>> stores;
        for (SqlDatabase& database : options.sql_databases) {
            stores.push_back(make_postgres_sql_access(thread_.loop(0), std::move(database),
                                                      options.observe_statement));
        }
        return stores;
    }

    Task<void> counted(Task<void> task) {
        ++running_;
        co_await std::move(task);
        --running_;
        ended_.notify_all();
    }

    void notified(std::string_view channel, std::string_view message) {
        if (channel == kUsageChannelName) {
            rate_exchange_.heard(message);
        } else {
            refresher_.wake();
        }
    }

    Task<void> start_listening() {
        listener_.start();
        co_return;
    }

    Task<Result<void>> load(Deadline deadline) {
        Result<void> loaded = co_await refresher_.refresh(deadline);
        while (!loaded && !deadline.passed()) {
            const Deadline pause = deadline.capped(std::chrono::milliseconds(100));
            co_await async::wait_until(pause.when());
            loaded = co_await refresher_.refresh(deadline);
        }
        if (!loaded) {
            co_return fail(
                Errc::directory_stale,
                "the coordinator does not give principals and grants: " + loaded.error().detail);
        }
        co_return loaded;
    }

    Task<Result<void>> stop_tasks(Deadline deadline) {
        failures_.stop();
        keeper_.stop();
        Result<void> flushed = co_await audit_.stop(deadline);
        witness_.stop();
        refresher_.stop();
        session_keeper_.stop();
        rate_exchange_.stop();
        sql_keeper_.stop();
        if (external_ != nullptr) {
            external_->stop();
        }
        monitor_.stop();
        co_await listener_.stop();
        // Whatever is in flight ends by its own deadline, which may be later than ours.
        const Deadline last = Deadline::after(kLastStop);
        co_await audit_pool_.close(deadline);
        co_await query_pool_.close(deadline);
        co_await directory_pool_.close(deadline);
        co_await login_pool_.close(deadline);
        co_await session_pool_.close(deadline);
        co_await sql_keeper_.close(deadline);
        while (running_ > 0 && !last.passed()) {
            co_await ended_.wait_until(last);
        }
        co_return flushed;
    }

    std::unique_ptr<PasswordHasher> hasher_;  // Before the loop that its calls come back to.
    async::BlockingPool resolver_{1, kResolverQueueMax};  // As well.
    async::Workers thread_;
    std::unique_ptr<KeyCryptography> cryptography_;
    std::unique_ptr<SecondFactorCryptography> factor_cryptography_;
    postgres::Pool audit_pool_;
    postgres::Pool query_pool_;
    postgres::Pool directory_pool_;
    postgres::Pool login_pool_;
    postgres::Pool session_pool_;
    AuditSeal seal_;
    std::unique_ptr<AuditStore> audit_store_;
    std::unique_ptr<PendingAudit> pending_;
    std::unique_ptr<DirectoryStore> directory_store_;
    std::unique_ptr<LoginStore> login_store_;
    std::unique_ptr<SecondFactorStore> factor_store_;
    std::unique_ptr<SessionStore> session_store_;
    DirectoryCache cache_;
    DirectoryRefresher refresher_;
    AuditWriter audit_;
    AuditKeeper keeper_;
    AuditWitness witness_;
    AuthenticationFailures failures_;
    Administration administration_;
    SessionCache sessions_;
    SessionKeeper session_keeper_;
    std::unique_ptr<UsageChannel> usage_channel_;
    SqlAccessKeeper sql_keeper_;
    RateLimiter limiter_;
    RateExchange rate_exchange_;
    Login login_;
    SecondFactorCommands second_factors_;
    std::unique_ptr<ExternalIdentities> external_;  // nullptr when no providers are configured.
    postgres::Listener listener_;
    SecurityMonitor monitor_;
    async::Notifier ended_;
    async::EventBus& bus_;
    SecurityLimits limits_;
    SecondFactorPolicy policy_;
    std::vector<CertificateMapping> certificates_;
    int running_ = 0;
    bool stopped_ = false;
};

Result<std::unique_ptr<SecurityRuntime>> SecurityRuntime::start(SecurityOptions options,
                                                                async::EventBus& bus,
                                                                metrics::Registry& registry,
                                                                Deadline deadline) {
    auto factors = make_second_factor_cryptography(options.hmac_key);
    if (!factors) {
        return fail(std::move(factors.error()));
    }
    auto cryptography = make_key_cryptography(std::move(options.hmac_key));
    if (!cryptography) {
        return fail(std::move(cryptography.error()));
    }
    auto hasher = make_password_hasher(options.hashing);
    if (!hasher) {
        return fail(std::move(hasher.error()));
    }
    auto signing_key = crypto::SigningKey::from_seed(options.audit_signing_seed);
    crypto::wipe(options.audit_signing_seed);
    if (!signing_key) {
        return fail(std::move(signing_key.error()));
    }
    std::vector<OidcProvider> providers = std::move(options.providers);
    std::unique_ptr<SecurityRuntime> runtime(new SecurityRuntime(std::make_unique<Implementation>(
        std::move(options), std::move(*cryptography), std::move(*hasher), std::move(*factors),
        std::move(*signing_key), bus, registry)));
    if (auto known = runtime->implementation_->know_providers(std::move(providers)); !known) {
        return fail(std::move(known.error()));
    }
    runtime->implementation_->run();
    const auto loaded = runtime->implementation_->wait_until_loaded(deadline);
    if (!loaded) {
        return fail(loaded.error());
    }
    return runtime;
}

SecurityRuntime::SecurityRuntime(std::unique_ptr<Implementation> implementation)
    : implementation_(std::move(implementation)) {}

SecurityRuntime::~SecurityRuntime() {
    const auto stopped = implementation_->stop(Deadline::after(kLastStop));
    if (!stopped) {
        log::error("security was stopped late", {{"problem", stopped.error().detail}});
    }
}

std::unique_ptr<Security> SecurityRuntime::make_security() {
    return implementation_->make_security();
}

Result<std::optional<IssuedApiKey>> SecurityRuntime::ensure_administrator(
    Administration::KeepKey keep, Deadline deadline) {
    return implementation_->ensure_administrator(std::move(keep), deadline);
}

std::string SecurityRuntime::not_ready_reason() const {
    return implementation_->not_ready_reason();
}

AuditStatistics SecurityRuntime::audit_statistics() const {
    return implementation_->audit_statistics();
}

Result<void> SecurityRuntime::stop(Deadline deadline) {
    return implementation_->stop(deadline);
}

}  // namespace pgmind::security
