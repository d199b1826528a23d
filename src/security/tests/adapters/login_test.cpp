// Passwords and sessions on a real coordinator, with real hashes.
#include <algorithm>
#include <thread>

#include <gtest/gtest.h>

#include "security/api/errors.hpp"
#include "security/tests/adapters/login_gateway.hpp"

namespace pgmind::security {
namespace {

using postgres::testing::TemporaryPostgres;
using testing::Coordinator;
using testing::LoginGateway;
using testing::soon;

constexpr const char* kPassword = "correct horse battery";

class LoginStoreTest : public ::testing::Test {
  protected:
    Coordinator coordinator_{TemporaryPostgres::instance()};
};

TEST_F(LoginStoreTest, ASessionIsGoodOnEveryGatewayAndEndsOnEveryGatewayWithinASecond) {
    LoginGateway first(coordinator_);
    LoginGateway second(coordinator_);
    first.add("ann");
    ASSERT_TRUE(first.set_password("ann", kPassword));
    const auto session = first.log_in("ann", kPassword);
    ASSERT_TRUE(session) << session.error().detail;
    EXPECT_TRUE(first.present(session->token));
    const Deadline heard = soon();
    while (!second.present(session->token) && !heard.passed()) {
        std::this_thread::yield();  // Until it has heard of the principal.
    }
    ASSERT_TRUE(second.present(session->token));
    const auto listed = first.run(first.security->list_sessions(first.asked(), "ann"));
    ASSERT_TRUE(listed);
    ASSERT_EQ(listed->size(), 1u);
    EXPECT_EQ(listed->front().session_id, session->details.session_id);
    EXPECT_EQ(listed->front().expires_at, session->details.expires_at);

    ASSERT_TRUE(first.run(
        first.security->revoke_session(first.asked(), "ann", session->details.session_id)));
    EXPECT_FALSE(first.present(session->token)) << "at once where it was done";
    const auto begin = std::chrono::steady_clock::now();
    while (second.present(session->token) && !heard.passed()) {
        std::this_thread::yield();
    }
    // A second between rounds; the rest is for a machine that is busy.
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
    EXPECT_EQ(coordinator_.ask("SELECT string_agg(action, ',' ORDER BY sequence)"
                               " FROM pgmind_audit.records WHERE decision = 'allow'"),
              "principal.create,password.set,login,session.revoke");
}

TEST_F(LoginStoreTest, NeitherPasswordNorTokenIsInTheDatabase) {
    LoginGateway gateway(coordinator_);
    gateway.add("ann");
    ASSERT_TRUE(gateway.set_password("ann", kPassword));
    const auto session = gateway.log_in("ann", kPassword);
    ASSERT_TRUE(session);
    EXPECT_FALSE(gateway.log_in(kPassword, "typed into the wrong field"));
    const std::string secret = session->token.substr(session->token.size() - 43);
    for (const std::string& planted : {std::string(kPassword), secret}) {
        EXPECT_EQ(coordinator_.ask("SELECT count(*) FROM ("
                                   "SELECT p::text t FROM pgmind.passwords p"
                                   " UNION ALL SELECT s::text FROM pgmind.sessions s"
                                   " UNION ALL SELECT a::text FROM pgmind_audit.records a) all_rows"
                                   " WHERE t LIKE '%" +
                                   planted + "%'"),
                  "0");
    }
    EXPECT_EQ(coordinator_.ask("SELECT left(hash, 28) FROM pgmind.passwords"),
              "$argon2id$v=19$m=64,t=1,p=1$");
}

TEST_F(LoginStoreTest, FailuresAreCountedForAllGatewaysAndForNamesThatNobodyHas) {
    LoginGateway first(coordinator_);
    LoginGateway second(coordinator_);
    first.add("ann");
    ASSERT_TRUE(first.set_password("ann", kPassword));
    for (const std::string name : {"ann", "nobody"}) {
        for (int i = 0; i < 5; ++i) {
            LoginGateway& gateway = i % 2 == 0 ? first : second;
            EXPECT_TRUE(gateway.log_in(name, "wrong").error().is(Failure::unauthenticated));
        }
        // A long wait, so that a slow machine does not outlast it.
        coordinator_.ask("UPDATE pgmind.login_throttle SET failures = 20 WHERE failures = 5");
        for (LoginGateway* gateway : {&first, &second}) {
            const auto refused = gateway->log_in(name, kPassword);
            ASSERT_FALSE(refused);
            EXPECT_EQ(refused.error().code, make_error_code(Errc::too_many_attempts));
            EXPECT_TRUE(refused.error().detail.ends_with("00 s") ||
                        refused.error().detail.find(" 8") != std::string::npos)
                << refused.error().detail;
        }
    }
    // The wait is over, a right password gets in and clears the counter.
    coordinator_.ask(
        "UPDATE pgmind.login_throttle SET last_attempt_at = now() - interval '901 seconds'");
    EXPECT_TRUE(first.log_in("ann", kPassword));
    EXPECT_EQ(coordinator_.ask("SELECT count(*) FROM pgmind.login_throttle WHERE failures = 0"),
              "1");
    EXPECT_EQ(coordinator_.ask("SELECT count(*) FROM pgmind.login_throttle"), "2");
}

TEST_F(LoginStoreTest, ParallelGuessesDoNotOutrunTheCounter) {
    LoginGateway first(coordinator_,
                       [](SecurityOptions& options) { options.throttle.free_failures = 3; });
    LoginGateway second(coordinator_,
                        [](SecurityOptions& options) { options.throttle.free_failures = 3; });
    first.add("ann");
    ASSERT_TRUE(first.set_password("ann", kPassword));
    coordinator_.ask("UPDATE pgmind.login_throttle SET last_attempt_at = now()");
    std::atomic<int> hashed = 0;
    const auto guess = [&hashed](LoginGateway& gateway) {
        for (int i = 0; i < 10; ++i) {
            const auto answer = gateway.log_in("ann", "wrong");
            hashed += answer.error().is(Failure::unauthenticated) ? 1 : 0;
        }
    };
    const auto begin = std::chrono::steady_clock::now();
    std::thread other([&] { guess(second); });
    guess(first);
    other.join();
    // 3 are free, then one after 1, 2, 4 ... seconds, on however slow a machine.
    const auto passed = std::chrono::steady_clock::now() - begin;
    int allowed = 3;
    for (std::chrono::seconds wait(1), total(1); total <= passed; total += wait) {
        ++allowed;
        wait *= 2;
    }
    EXPECT_GE(hashed, 3);
    EXPECT_LE(hashed, allowed);
}

TEST_F(LoginStoreTest, ServicesAndDisabledUsersHaveNoLogin) {
    LoginGateway gateway(coordinator_);
    gateway.add("ann");
    gateway.add("robot", PrincipalKind::ai_agent);
    EXPECT_TRUE(gateway.set_password("robot", kPassword).error().is(Failure::invalid_argument));
    ASSERT_TRUE(gateway.set_password("ann", kPassword));
    const auto session = gateway.log_in("ann", kPassword);
    ASSERT_TRUE(session);
    ASSERT_TRUE(gateway.run(gateway.security->disable_principal(gateway.asked(), "ann")));
    EXPECT_FALSE(gateway.present(session->token));
    EXPECT_TRUE(gateway.log_in("ann", kPassword).error().is(Failure::unauthenticated));
    EXPECT_TRUE(gateway.set_password("ann", kPassword).error().is(Failure::invalid_argument));
}

TEST_F(LoginStoreTest, AHashGrowsWithTheCostAtTheNextLogin) {
    {
        LoginGateway gateway(coordinator_);
        gateway.add("ann");
        ASSERT_TRUE(gateway.set_password("ann", kPassword));
    }
    LoginGateway costlier(coordinator_,
                          [](SecurityOptions& options) { options.hashing.cost = {128, 2}; });
    ASSERT_TRUE(costlier.log_in("ann", kPassword));
    EXPECT_EQ(coordinator_.ask("SELECT left(hash, 28) FROM pgmind.passwords"),
              "$argon2id$v=19$m=128,t=2,p=1");
    EXPECT_TRUE(costlier.log_in("ann", kPassword));
}

TEST_F(LoginStoreTest, TheOldestOfAHundredSessionsEnds) {
    LoginGateway gateway(coordinator_);
    gateway.add("ann");
    ASSERT_TRUE(gateway.set_password("ann", kPassword));
    coordinator_.ask(
        "INSERT INTO pgmind.sessions SELECT lpad(to_hex(i), 32, '0'), principal_id,"
        " decode(repeat('00', 32), 'hex'), now() - i * interval '1 minute', now(),"
        " now() + interval '1 hour', NULL, '' FROM pgmind.principals, generate_series(1, 100) i");
    ASSERT_TRUE(gateway.log_in("ann", kPassword));
    EXPECT_EQ(coordinator_.ask("SELECT concat_ws(' ', count(*) FILTER (WHERE revoked_at IS NULL),"
                               " count(*), max(session_id) FILTER (WHERE revoked_at IS NOT NULL))"
                               " FROM pgmind.sessions"),
              "100 101 " + std::string(30, '0') + "64");
}

TEST_F(LoginStoreTest, TheGatewaysRoleCannotMoveOrLengthenASession) {
    LoginGateway gateway(coordinator_);
    gateway.add("ann");
    for (const std::string column :
         {"session_id", "principal_id", "hmac", "created_at", "expires_at", "remote_address"}) {
        EXPECT_EQ(coordinator_.ask("SELECT has_column_privilege('pgmind_gateway',"
                                   " 'pgmind.sessions', '" +
                                   column + "', 'UPDATE')"),
                  "f")
            << column;
    }
    EXPECT_EQ(coordinator_.ask("SELECT has_table_privilege('pgmind_gateway', 'pgmind.passwords',"
                               " 'DELETE')"),
              "f");
}

}  // namespace
}  // namespace pgmind::security
