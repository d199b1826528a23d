// The whole context on a real coordinator, as the composition root uses it.
#include <algorithm>
#include <thread>

#include <gtest/gtest.h>

#include "security/adapters/security_runtime.hpp"
#include "security/api/errors.hpp"
#include "security/tests/adapters/gateway.hpp"

namespace pgmind::security {
namespace {

using postgres::testing::TemporaryPostgres;
using std::chrono::milliseconds;
using testing::Coordinator;
using testing::Gateway;
using testing::kHmacKey;
using testing::soon;
using testing::time_until;

class SecurityRuntimeTest : public ::testing::Test {
  protected:
    Coordinator coordinator_{TemporaryPostgres::instance()};
};

TEST_F(SecurityRuntimeTest, TheFirstStartMakesAnAdministratorAndTheSecondFindsIt) {
    std::string key;
    {
        Gateway gateway(coordinator_);
        EXPECT_EQ(gateway.runtime->not_ready_reason(), "");
        key = gateway.administrator();
        const auto admin = gateway.log_in(key);
        ASSERT_TRUE(admin) << admin.error().detail;
        EXPECT_EQ((*admin)->name, "admin");
        EXPECT_EQ(gateway.administrator(), "");
    }
    Gateway again(coordinator_);
    EXPECT_EQ(again.administrator(), "");
    EXPECT_TRUE(again.log_in(key));
    Gateway foreign(coordinator_,
                    [](SecurityOptions& options) { options.hmac_key = std::string(32, 'x'); });
    EXPECT_TRUE(foreign.log_in(key).error().is(Failure::unauthenticated))
        << "without the HMAC key no stored key can be checked";
    // The secret is nowhere in the database.
    const std::string secret = key.substr(21);
    EXPECT_EQ(coordinator_.ask("SELECT count(*) FROM (SELECT k::text t FROM pgmind.api_keys k"
                               " UNION ALL SELECT a::text FROM pgmind_audit.records a) s"
                               " WHERE t LIKE '%" +
                               secret + "%'"),
              "0");
}

TEST_F(SecurityRuntimeTest, RefusesAShortHmacKeyAndAnAbsentCoordinator) {
    async::EventBus bus;
    metrics::Registry registry;
    SecurityOptions options;
    options.coordinator = coordinator_.gateway();
    options.hmac_key = "short";
    EXPECT_TRUE(SecurityRuntime::start(options, bus, registry, soon())
                    .error()
                    .is(Failure::invalid_argument));
    options.hmac_key = kHmacKey;
    options.audit_signing_seed = std::string(32, 's');
    options.coordinator.port = 1;
    const auto absent =
        SecurityRuntime::start(options, bus, registry, Deadline::after(milliseconds(300)));
    ASSERT_FALSE(absent);
    EXPECT_TRUE(absent.error().is(Failure::unavailable)) << absent.error().detail;
}

TEST_F(SecurityRuntimeTest, ARevocationReachesTheOtherGatewayWithinASecond) {
    Gateway one(coordinator_);
    Gateway two(coordinator_);
    one.administrator();
    const std::string key = one.add("bot", {{Role::mcp_user, "agent-*", false}});
    EXPECT_LT(time_until([&] { return two.log_in(key).has_value(); }), milliseconds(1'000));
    const PrincipalSnapshot bot = *two.log_in(key);
    EXPECT_TRUE(two.read(bot, "agent-1"));
    EXPECT_TRUE(two.read(bot, "other").error().is(Failure::permission_denied));

    ASSERT_TRUE(
        one.run(one.security->set_grants(one.request, "bot", {{Role::readonly, "other", false}})));
    EXPECT_TRUE(one.read(bot, "other")) << "at once on the gateway that made the change";
    EXPECT_LT(time_until([&] { return two.read(bot, "other").has_value(); }), milliseconds(1'000));
    EXPECT_FALSE(two.read(bot, "agent-1"));

    ASSERT_TRUE(one.run(one.security->revoke_api_key(one.request, key.substr(4, 16))));
    EXPECT_FALSE(one.log_in(key));
    EXPECT_LT(time_until([&] { return !two.log_in(key).has_value(); }), milliseconds(1'000));
    EXPECT_FALSE(two.read(bot, "other")) << "also for who was let in before";
}

TEST_F(SecurityRuntimeTest, AChangeIsFoundWithoutItsNotification) {
    Gateway gateway(coordinator_);
    const std::string key = gateway.administrator();
    ASSERT_TRUE(gateway.log_in(key));
    // No trigger, so no notification: as if the listening connection had been lost at that moment.
    coordinator_.ask(
        "SET session_replication_role = replica;"
        "UPDATE pgmind.api_keys SET revoked_at = now();"
        "UPDATE pgmind.security_version SET number = number + 1");
    EXPECT_LT(time_until([&] { return !gateway.log_in(key).has_value(); }), milliseconds(3'000));
}

TEST_F(SecurityRuntimeTest, LostConnectionsAreReplaced) {
    Gateway gateway(coordinator_);
    const std::string key = gateway.administrator();
    const auto admin = gateway.log_in(key);
    coordinator_.ask(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE usename = 'pgmind_gateway' AND datname = current_database()");
    coordinator_.ask("UPDATE pgmind.principals SET disabled = true");
    EXPECT_LT(time_until([&] { return !gateway.log_in(key).has_value(); }), milliseconds(3'000));
    EXPECT_TRUE(gateway.read(*admin, "a").error().is(Failure::permission_denied));
}

TEST_F(SecurityRuntimeTest, DenialsAndFailuresAreInTheLogBeforeTheReply) {
    Gateway gateway(coordinator_);
    gateway.administrator();
    const auto bot = *gateway.log_in(gateway.add("bot", {{Role::readonly, "a", false}}));
    const auto count = [&](const std::string& condition) {
        return coordinator_.ask("SELECT count(*) FROM pgmind_audit.records WHERE " + condition);
    };
    gateway.log_in("pgm_0123456789abcdef_" + std::string(43, 'x'));
    EXPECT_EQ(count("action = 'authenticate' AND decision = 'deny' AND reason = 'unknown key'"),
              "1");
    gateway.read(bot, "secret");
    EXPECT_EQ(count("principal_name = 'bot' AND decision = 'deny' AND resource = 'secret'"), "1");
    gateway.request.deadline = soon();
    AuditQuery query;
    query.decision = "deny";
    const auto denials = gateway.run(gateway.security->query_audit(gateway.request, query));
    ASSERT_TRUE(denials);
    EXPECT_EQ(denials->size(), 2u);
    EXPECT_EQ(denials->at(0).resource, "secret");
    EXPECT_EQ(denials->at(0).request_id, gateway.request.request_id.value());
}

TEST_F(SecurityRuntimeTest, StoppingWritesWhatIsQueuedWithoutAGap) {
    {
        Gateway gateway(coordinator_, [](SecurityOptions& options) {
            options.audit.flush_after = std::chrono::hours(1);
        });
        const auto admin = *gateway.log_in(gateway.administrator());
        for (int i = 0; i < 300; ++i) {
            ASSERT_TRUE(gateway.read(admin, "a"));
        }
        EXPECT_EQ(
            coordinator_.ask("SELECT count(*) FROM pgmind_audit.records WHERE action = 'read'"),
            "0");
        gateway.security.reset();
        const auto stopped = gateway.runtime->stop(soon());
        EXPECT_TRUE(stopped) << stopped.error().detail;
        // Records of changes that were brought in count too.
        EXPECT_GE(gateway.runtime->audit_statistics().committed, 300u);
    }
    EXPECT_EQ(coordinator_.ask("SELECT count(*) FILTER (WHERE action = 'read') || ' ' ||"
                               " (count(*) = max(writer_sequence))"
                               " FROM pgmind_audit.records WHERE writer IS NOT NULL"),
              "300 true");
}

TEST_F(SecurityRuntimeTest, MetricsTellOfTheAuditLog) {
    Gateway gateway(coordinator_);
    const auto admin = *gateway.log_in(gateway.administrator());
    ASSERT_TRUE(gateway.read(admin, "a"));
    EXPECT_LT(time_until([&] {
                  return gateway.registry.render().find("pgmind_audit_records_committed_total 1") !=
                         std::string::npos;
              }),
              milliseconds(5'000));
    EXPECT_NE(gateway.registry.render().find("pgmind_security_directory_age_seconds"),
              std::string::npos);
}

// A server of its own: the coordinator goes away and comes back.
TEST(SecurityRuntimeOutage, FailsClosedAndLosesNothing) {
    TemporaryPostgres server;
    const Coordinator coordinator(server);
    Gateway gateway(coordinator, [](SecurityOptions& options) {
        options.security.directory_age_max = milliseconds(3'000);
        options.security.audit_wait_max = milliseconds(300);
        options.audit.failing_max = milliseconds(1'000);
        options.audit.retry_max = milliseconds(100);
        options.audit.queue_max = 4'000;
        options.audit.admit_max = 3'500;
    });
    const std::string key = gateway.administrator();
    const auto admin = *gateway.log_in(key);
    ASSERT_TRUE(gateway.read(admin, "before"));
    server.kill();

    // For a moment the snapshot carries on and records are queued.
    EXPECT_TRUE(gateway.log_in(key));
    std::uint64_t accepted = 1;
    ASSERT_TRUE(gateway.read(admin, "during"));
    ++accepted;
    // Class A cannot wait for a coordinator that is away.
    const auto denial = gateway.log_in("wrong");
    EXPECT_EQ(denial.error().code, make_error_code(Errc::audit_unavailable));
    ++accepted;
    // Then everything is refused: first by the audit, at last by the stale directory.
    bool refused = false;
    EXPECT_LT(time_until([&] {
                  const auto read = gateway.read(admin, "during");
                  accepted += read ? 1 : 0;
                  refused = !read && read.error().is(Failure::unavailable);
                  return refused;
              }),
              milliseconds(5'000));
    EXPECT_NE(gateway.runtime->not_ready_reason(), "");
    EXPECT_LT(time_until([&] {
                  const auto answer = gateway.log_in(key);
                  return !answer && answer.error().code == make_error_code(Errc::directory_stale);
              }),
              milliseconds(5'000));

    server.restart();
    EXPECT_LT(time_until([&] { return gateway.runtime->not_ready_reason().empty(); }),
              milliseconds(5'000));
    EXPECT_TRUE(gateway.log_in(key));
    // How long they take is the machine's matter; that none is lost is ours.
    const std::chrono::seconds patience(60);
    EXPECT_LT(time_until([&] { return gateway.runtime->audit_statistics().queued == 0; }, patience),
              patience);
    EXPECT_EQ(coordinator.ask("SELECT count(*) FROM pgmind_audit.leaves WHERE change_id = ''"),
              std::to_string(accepted));
    EXPECT_EQ(coordinator.ask("SELECT count(*) = max(leaf_index) + 1 FROM pgmind_audit.leaves"),
              "t");
}

// Nobody can tell from the time whether a key exists. Medians of many interleaved calls, so that
// other work on the machine touches all cases alike; the bound is wide, for a busy machine.
TEST_F(SecurityRuntimeTest, EveryWrongKeyTakesTheSameTime) {
    Gateway gateway(coordinator_, [](SecurityOptions& options) {
        options.failures.per_address_per_second = 0;  // Nothing is written while measuring.
    });
    gateway.administrator();
    const std::string good = gateway.add("bot", {});
    const std::string revoked = gateway.add("eve", {});
    ASSERT_TRUE(
        gateway.run(gateway.security->revoke_api_key(gateway.request, revoked.substr(4, 16))));
    std::string wrong = good;
    wrong.replace(21, 43, std::string(43, 'w'));
    const std::vector<std::string> keys = {"pgm_0123456789abcdef_" + std::string(43, 'x'), wrong,
                                           revoked, std::string(64, 'm')};
    std::vector<std::vector<std::int64_t>> times(keys.size());
    for (int round = 0; round < 2'000; ++round) {
        for (std::size_t i = 0; i < keys.size(); ++i) {
            const auto begin = std::chrono::steady_clock::now();
            EXPECT_FALSE(gateway.log_in(keys[i]));
            times[i].push_back((std::chrono::steady_clock::now() - begin).count());
        }
    }
    std::vector<std::int64_t> medians;
    for (auto& each : times) {
        std::nth_element(each.begin(), each.begin() + each.size() / 2, each.end());
        medians.push_back(each[each.size() / 2]);
    }
    const auto [least, most] = std::minmax_element(medians.begin(), medians.end());
    EXPECT_LT(static_cast<double>(*most) / static_cast<double>(*least), 1.5);
}

}  // namespace
}  // namespace pgmind::security
