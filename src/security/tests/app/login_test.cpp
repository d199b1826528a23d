#include <gtest/gtest.h>

#include "security/tests/app/harness.hpp"

namespace pgmind::security {
namespace {

using testing::Harness;

constexpr const char* kPassword = "correct horse battery";

class LoginTest : public ::testing::Test {
  protected:
    LoginTest() {
        test_.add("ann", {{Role::app_user, "a-*", false}});
        test_.login_store.passwords["ann"] = {PrincipalId("id-ann"), "ann",
                                              std::string("hash of ") + kPassword};
    }
    Result<IssuedSession> log_in(std::string name, std::string password) {
        return test_.run(test_.service.log_in(test_.request,
                                              LoginRequest{std::move(name), std::move(password)}));
    }
    std::string log_in() {
        const auto session = log_in("ann", kPassword);
        EXPECT_TRUE(session) << session.error().detail;
        return session ? session->token : "";
    }
    Result<PrincipalSnapshot> present(const std::string& token) {
        return test_.run(test_.service.authenticate(test_.request, Credentials{token}));
    }

    Harness test_{{},
                  {.per_address_per_second = 100, .total_per_second = 100},
                  {},
                  {},
                  {.burst = 100, .per_second = 100}};
};

TEST_F(LoginTest, GivesASessionThatIsGoodForWhatThePrincipalMay) {
    const auto session = log_in("ann", kPassword);
    ASSERT_TRUE(session) << session.error().detail;
    EXPECT_EQ(session->details.expires_at - session->details.created_at, std::chrono::hours(12));
    const auto principal = present(session->token);
    ASSERT_TRUE(principal);
    EXPECT_EQ((*principal)->name, "ann");
    EXPECT_EQ((*principal)->key_id, "");
    EXPECT_EQ((*principal)->session_id, session->details.session_id);
    EXPECT_TRUE(test_.service.may(**principal, Action::write, {ResourceType::memory, "a-1"}));
    EXPECT_FALSE(test_.service.may(**principal, Action::write, {ResourceType::memory, "b"}));
    ASSERT_EQ(test_.login_store.records.size(), 1u);
    const AuditRecord& record = test_.login_store.records[0];
    EXPECT_EQ(record.action, "login");
    EXPECT_EQ(record.decision, "allow");
    EXPECT_EQ(record.principal_name, "ann");
    EXPECT_EQ(record.reason.find(session->token), std::string::npos);
    EXPECT_EQ(test_.login_store.finds, 0) << "its own gateway knows it already";
}

struct WrongLogin {
    std::string what;
    std::string name;
    std::string password;
    std::string recorded_name;
};

TEST_F(LoginTest, GivesOneAnswerAndDoesOneWorkWhateverIsWrong) {
    const std::string huge = std::string(kPassword) + std::string(100'000, 'x');
    const std::vector<WrongLogin> cases = {{"password", "ann", "wrong", "ann"},
                                           {"empty password", "ann", "", "ann"},
                                           {"huge password", "ann", huge, "ann"},
                                           {"unknown name", "bob", kPassword, "bob"},
                                           {"a password as name", "Correct Horse", kPassword, ""},
                                           {"no name", "", kPassword, ""},
                                           {"huge name", std::string(100'000, 'a'), kPassword, ""}};
    for (const WrongLogin& wrong : cases) {
        SCOPED_TRACE(wrong.what);
        test_.login_store.failures.clear();
        const int checks = test_.hasher.checks;
        const int begins = test_.login_store.begins;
        const auto answer = log_in(wrong.name, wrong.password);
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().code, make_error_code(Errc::unauthenticated));
        EXPECT_EQ(answer.error().detail, "the name or the password is wrong");
        EXPECT_EQ(test_.hasher.checks - checks, 1);
        EXPECT_EQ(test_.login_store.begins - begins, 1);
        ASSERT_FALSE(test_.audit_store.records.empty());
        const AuditRecord& record = test_.audit_store.records.back();
        EXPECT_EQ(record.action, "login");
        EXPECT_EQ(record.decision, "deny");
        EXPECT_EQ(record.outcome, "unauthenticated");
        EXPECT_EQ(record.resource, wrong.recorded_name);
    }
    EXPECT_EQ(test_.audit_store.records.size(), cases.size());
    EXPECT_LE(test_.hasher.longest, 1'024u);
    EXPECT_TRUE(test_.login_store.sessions.empty());
}

TEST_F(LoginTest, IsRefusedBeforeHashingAfterTooManyFailuresWhetherTheNameExistsOrNot) {
    for (const std::string name : {"ann", "nobody"}) {
        test_.login_store.failures.clear();  // The fake digests give both names one counter.
        for (int i = 0; i < 5; ++i) {
            EXPECT_TRUE(log_in(name, "wrong").error().is(Failure::unauthenticated));
        }
        const int checks = test_.hasher.checks;
        const auto refused = log_in(name, kPassword);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, make_error_code(Errc::too_many_attempts));
        EXPECT_EQ(refused.error().detail, "too many attempts; try again in 2 s");
        EXPECT_EQ(refused.error().retry_after, std::chrono::milliseconds(1'500));
        EXPECT_EQ(test_.hasher.checks, checks);
        EXPECT_EQ(test_.audit_store.records.back().reason, "too many attempts with the name");
    }
}

TEST_F(LoginTest, ASuccessSetsTheCounterBack) {
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 4; ++i) {
            EXPECT_FALSE(log_in("ann", "wrong"));
        }
        EXPECT_TRUE(log_in("ann", kPassword));
    }
}

TEST_F(LoginTest, AFullPoolIsUnavailableAndCountsForNothing) {
    test_.hasher.busy = true;
    for (int i = 0; i < 20; ++i) {
        const auto answer = log_in("ann", kPassword);
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().code, make_error_code(Errc::hashing_busy));
    }
    test_.hasher.busy = false;
    EXPECT_TRUE(log_in("ann", kPassword));
}

TEST_F(LoginTest, APasswordThatWasChangedMeanwhileLetsNobodyIn) {
    test_.login_store.changed_before_complete = true;
    const auto answer = log_in("ann", kPassword);
    ASSERT_FALSE(answer);
    EXPECT_TRUE(answer.error().is(Failure::unauthenticated));
    EXPECT_TRUE(test_.login_store.sessions.empty());
}

TEST_F(LoginTest, AnAddressIsLimitedBeforeAnythingIsAsked) {
    Harness test({}, {.per_address_per_second = 100, .total_per_second = 100}, {}, {},
                 {.burst = 2, .per_second = 0.01});
    const auto try_one = [&test](const std::string& address) {
        test.request.remote_address = address;
        return test.run(test.service.log_in(test.request, LoginRequest{"ann", "wrong"}));
    };
    EXPECT_TRUE(try_one("192.0.2.1").error().is(Failure::unauthenticated));
    EXPECT_TRUE(try_one("192.0.2.1").error().is(Failure::unauthenticated));
    const int begins = test.login_store.begins;
    EXPECT_TRUE(try_one("192.0.2.1").error().is(Failure::resource_exhausted));
    EXPECT_EQ(test.login_store.begins, begins);
    EXPECT_TRUE(try_one("192.0.2.2").error().is(Failure::unauthenticated));
}

TEST_F(LoginTest, ACostlierHashReplacesTheOldOne) {
    test_.hasher.costlier_now = true;
    EXPECT_TRUE(log_in("ann", kPassword));
    EXPECT_EQ(test_.login_store.passwords["ann"].hash,
              std::string("costlier hash of ") + kPassword);
}

TEST_F(LoginTest, APasswordSetByAnAdministratorEndsTheSessions) {
    const std::string token = log_in();
    ASSERT_TRUE(present(token));
    const auto weak = test_.run(test_.service.set_password(test_.request, "ann", "short"));
    EXPECT_TRUE(weak.error().is(Failure::invalid_argument));
    const auto missing =
        test_.run(test_.service.set_password(test_.request, "bob", "another password"));
    EXPECT_TRUE(missing.error().is(Failure::not_found));
    ASSERT_TRUE(test_.run(test_.service.set_password(test_.request, "ann", "another password")));
    ASSERT_TRUE(test_.run(test_.session_keeper.confirm(test_.request.deadline)));
    EXPECT_FALSE(present(token));
    EXPECT_FALSE(log_in("ann", kPassword));
    EXPECT_TRUE(log_in("ann", "another password"));
}

TEST_F(LoginTest, OnesOwnPasswordIsChangedWithTheOldOneAndKeepsTheSession) {
    const std::string token = log_in();
    const std::string other = log_in();
    const auto principal = present(token);
    ASSERT_TRUE(principal);
    const auto wrong = test_.run(test_.service.change_password(
        test_.request, *principal, PasswordChange{"wrong", "another password"}));
    EXPECT_TRUE(wrong.error().is(Failure::unauthenticated));
    EXPECT_EQ(test_.audit_store.records.back().action, "password.change");
    ASSERT_TRUE(test_.run(test_.service.change_password(
        test_.request, *principal, PasswordChange{kPassword, "another password"})));
    ASSERT_TRUE(test_.run(test_.session_keeper.confirm(test_.request.deadline)));
    EXPECT_TRUE(present(token));
    EXPECT_FALSE(present(other));
}

}  // namespace
}  // namespace pgmind::security
