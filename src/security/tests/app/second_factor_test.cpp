#include <gtest/gtest.h>

#include "security/tests/app/harness.hpp"

namespace pgmind::security {
namespace {

using testing::Harness;

constexpr const char* kPassword = "correct horse battery";

class SecondFactorTest : public ::testing::Test {
  protected:
    SecondFactorTest() {
        test_.add("ann", {{Role::admin, "*", false}});
        test_.add("bob", {{Role::app_user, "b-*", false}});
        for (const std::string name : {"ann", "bob"}) {
            test_.login_store.passwords[name] = {PrincipalId("id-" + name), name,
                                                 "hash of " + std::string(kPassword)};
        }
    }
    // Codes of the fake are the step itself.
    static std::string code_of(std::int64_t steps_later) {
        const std::int64_t step = totp_step(system_clock().now()) + steps_later;
        std::string text = std::to_string(step % 1'000'000);
        return std::string(6 - text.size(), '0') + text;
    }
    Result<IssuedSession> log_in(const std::string& name, const std::string& code) {
        return test_.run(test_.service.log_in(test_.request, LoginRequest{name, kPassword, code}));
    }
    PrincipalSnapshot present(const IssuedSession& session) {
        const auto principal =
            test_.run(test_.service.authenticate(test_.request, Credentials{session.token}));
        EXPECT_TRUE(principal);
        return principal.value_or(nullptr);
    }
    Result<void> may_administer(PrincipalSnapshot principal) {
        return test_.run(test_.service.authorize(test_.request, std::move(principal), Action::admin,
                                                 {ResourceType::principals, ""}));
    }
    SecondFactors& factors() { return test_.service.second_factors(); }
    // Gives the recovery codes.
    std::vector<std::string> enrol(const PrincipalSnapshot& principal) {
        EXPECT_TRUE(test_.run(factors().enrol(test_.request, principal, kPassword)));
        const auto codes = test_.run(factors().confirm(test_.request, principal, code_of(0)));
        EXPECT_TRUE(codes) << codes.error().detail;
        return codes.value_or(std::vector<std::string>());
    }

    Harness test_{{},
                  {.per_address_per_second = 100, .total_per_second = 100},
                  {},
                  {},
                  {.burst = 100, .per_second = 100}};
};

TEST_F(SecondFactorTest, AnAdministratorWithoutOneMayOnlyEnrolIt) {
    const auto session = log_in("ann", "");
    ASSERT_TRUE(session) << session.error().detail;
    EXPECT_TRUE(session->second_factor_needed);
    const auto ann = present(*session);
    const auto denied = may_administer(ann);
    ASSERT_FALSE(denied);
    EXPECT_TRUE(denied.error().is(Failure::permission_denied));
    EXPECT_EQ(denied.error().reason, "second_factor_required");
    EXPECT_EQ(test_.audit_store.records.back().reason, "second factor needed");
    EXPECT_FALSE(test_.service.may(*ann, Action::read, {ResourceType::memory, "x"}));
    EXPECT_TRUE(test_.service.namespace_patterns(*ann, Action::read).allowed.empty());
    const auto changed = test_.run(test_.service.change_password(
        test_.request, ann, PasswordChange{kPassword, "another horse battery"}));
    ASSERT_FALSE(changed);
    EXPECT_EQ(changed.error().reason, "second_factor_required");

    EXPECT_EQ(enrol(ann).size(), kRecoveryCodes);
    EXPECT_FALSE(may_administer(ann)) << "the session itself began without one";
    const auto proved = log_in("ann", code_of(1));
    ASSERT_TRUE(proved) << proved.error().detail;
    EXPECT_FALSE(proved->second_factor_needed);
    EXPECT_TRUE(may_administer(present(*proved)));
}

TEST_F(SecondFactorTest, OthersMayWorkWithoutOneUntilTheyAreMadeAdministrators) {
    const auto session = log_in("bob", "");
    ASSERT_TRUE(session);
    EXPECT_FALSE(session->second_factor_needed);
    const auto bob = present(*session);
    EXPECT_TRUE(test_.service.may(*bob, Action::read, {ResourceType::memory, "b-1"}));
    for (PrincipalDetails& principal : test_.directory_store.contents.principals) {
        if (principal.name == "bob") {
            principal.grants.push_back({Role::admin, "*", false});
        }
    }
    test_.refresh();
    EXPECT_FALSE(test_.service.may(*bob, Action::read, {ResourceType::memory, "b-1"}));
}

TEST_F(SecondFactorTest, ACodeCountsForOneLogin) {
    const auto codes = enrol(present(*log_in("bob", "")));
    const std::string code = code_of(1);
    ASSERT_TRUE(log_in("bob", code));
    const auto again = log_in("bob", code);
    ASSERT_FALSE(again);
    EXPECT_TRUE(again.error().is(Failure::unauthenticated));
    EXPECT_EQ(again.error().reason, "second_factor_wrong");
    ASSERT_FALSE(log_in("bob", code_of(0))) << "the one that confirmed it";

    ASSERT_TRUE(log_in("bob", codes.front()));
    EXPECT_FALSE(log_in("bob", codes.front()));
    EXPECT_TRUE(log_in("bob", codes.back()));
    const auto state =
        test_.run(factors().status(test_.request, present(*log_in("bob", codes[1]))));
    ASSERT_TRUE(state);
    EXPECT_TRUE(state->enrolled);
    EXPECT_EQ(state->recovery_codes_left, kRecoveryCodes - 3);
}

TEST_F(SecondFactorTest, APasswordAloneIsAskedForTheCodeAndCountsForNoGuess) {
    enrol(present(*log_in("bob", "")));
    for (int i = 0; i < 10; ++i) {
        const auto asked = log_in("bob", "");
        ASSERT_FALSE(asked);
        EXPECT_TRUE(asked.error().is(Failure::unauthenticated));
        EXPECT_EQ(asked.error().reason, "second_factor_required");
    }
    EXPECT_TRUE(log_in("bob", code_of(1)));
}

TEST_F(SecondFactorTest, CodesAreGuessedNoFasterThanPasswords) {
    enrol(present(*log_in("bob", "")));
    for (int i = 0; i < 5; ++i) {
        const auto wrong = log_in("bob", i % 2 == 0 ? "aaaa-bbbb-cccc-dddd" : "no code");
        ASSERT_FALSE(wrong);
        EXPECT_EQ(wrong.error().reason, "second_factor_wrong");
    }
    const auto refused = log_in("bob", code_of(1));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, make_error_code(Errc::too_many_attempts));
}

TEST_F(SecondFactorTest, NothingCountsBeforeItIsConfirmed) {
    const auto bob = present(*log_in("bob", ""));
    EXPECT_TRUE(
        test_.run(factors().confirm(test_.request, bob, "123456")).error().is(Failure::not_found));
    const auto enrolled = test_.run(factors().enrol(test_.request, bob, kPassword));
    ASSERT_TRUE(enrolled);
    EXPECT_TRUE(enrolled->uri.starts_with("otpauth://totp/pgmind:bob?secret=" + enrolled->secret));
    EXPECT_TRUE(log_in("bob", ""));
    for (const std::string& wrong : {code_of(5), std::string("aaaa-bbbb-cccc-dddd")}) {
        EXPECT_EQ(test_.run(factors().confirm(test_.request, bob, wrong)).error().field, "code");
    }
    EXPECT_TRUE(test_.run(factors().confirm(test_.request, bob, code_of(0))));
    EXPECT_TRUE(test_.run(factors().enrol(test_.request, bob, kPassword))
                    .error()
                    .is(Failure::already_exists));
    const auto wrong = test_.run(factors().enrol(test_.request, bob, "wrong"));
    EXPECT_TRUE(wrong.error().is(Failure::unauthenticated));
}

TEST_F(SecondFactorTest, TakesPasswordAndCodeToEndItAndAnAdministratorToResetIt) {
    const auto bob = present(*log_in("bob", ""));
    const auto codes = enrol(bob);
    const auto disable = [&](const char* password, const std::string& code) {
        return test_.run(factors().disable(test_.request, bob, SecondFactorProof{password, code}));
    };
    EXPECT_FALSE(disable("wrong", codes[0]));
    EXPECT_FALSE(disable(kPassword, "aaaa-bbbb-cccc-dddd"));
    EXPECT_FALSE(disable(kPassword, ""));
    const auto renewed = test_.run(
        factors().renew_recovery_codes(test_.request, bob, SecondFactorProof{kPassword, codes[0]}));
    ASSERT_TRUE(renewed) << renewed.error().detail;
    test_.login_store.failures.clear();
    EXPECT_FALSE(disable(kPassword, codes[1])) << "an old code";
    EXPECT_TRUE(disable(kPassword, (*renewed)[1]));
    EXPECT_TRUE(disable(kPassword, "123456").error().is(Failure::not_found));
    EXPECT_TRUE(log_in("bob", ""));

    enrol(bob);
    EXPECT_TRUE(test_.run(factors().reset(test_.request, "bob")));
    EXPECT_TRUE(test_.run(factors().reset(test_.request, "bob")).error().is(Failure::not_found));
    EXPECT_TRUE(test_.run(factors().reset(test_.request, "eve")).error().is(Failure::not_found));
    EXPECT_TRUE(log_in("bob", ""));
    std::vector<std::string> actions;
    for (const AuditRecord& record : test_.factor_store.records) {
        actions.push_back(record.action);
    }
    EXPECT_EQ(actions, (std::vector<std::string>{"second_factor.enrol", "second_factor.confirm",
                                                 "second_factor.renew_codes",
                                                 "second_factor.disable", "second_factor.enrol",
                                                 "second_factor.confirm", "second_factor.reset"}));
}

}  // namespace
}  // namespace pgmind::security
