#include <gtest/gtest.h>

#include "security/tests/app/harness.hpp"

namespace pgmind::security {
namespace {

using testing::Harness;

class SessionTest : public ::testing::Test {
  protected:
    SessionTest() {
        test_.add("ann", {{Role::app_user, "*", false}});
        test_.login_store.passwords["ann"] = {PrincipalId("id-ann"), "ann", "hash of secret word"};
        auto session =
            test_.run(test_.service.log_in(test_.request, LoginRequest{"ann", "secret word"}));
        EXPECT_TRUE(session);
        session_ = session.value_or(IssuedSession{});
    }
    Result<PrincipalSnapshot> present(const std::string& token) {
        return test_.run(test_.service.authenticate(test_.request, Credentials{token}));
    }
    StoredSession& stored() { return test_.login_store.sessions[session_.details.session_id]; }
    // As on a gateway that has not met it.
    void forget() { test_.sessions.forget(session_.details.session_id); }
    bool confirm() {
        return test_.run(test_.session_keeper.confirm(test_.request.deadline)).has_value();
    }

    Harness test_{{}, {.per_address_per_second = 100, .total_per_second = 100}};
    IssuedSession session_;
};

TEST_F(SessionTest, IsReadOnceByAGatewayThatHasNotMetIt) {
    forget();
    EXPECT_TRUE(present(session_.token));
    EXPECT_TRUE(present(session_.token));
    EXPECT_EQ(test_.login_store.finds, 1);
}

TEST_F(SessionTest, GivesOneAnswerToEveryWrongToken) {
    std::string wrong_secret = session_.token;
    wrong_secret.back() = wrong_secret.back() == '_' ? '-' : '_';
    std::string invented = session_.token;
    invented[19] = 'f';  // The last digit of the seed; its tag stays.
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"pgs_", "malformed session"},
        {session_.token + "x", "malformed session"},
        {wrong_secret, "wrong secret"},
        {invented, "invented session"}};
    for (const auto& [token, reason] : cases) {
        const auto answer = present(token);
        ASSERT_FALSE(answer) << reason;
        EXPECT_EQ(answer.error().code, make_error_code(Errc::unauthenticated));
        EXPECT_EQ(answer.error().detail, "a valid API key is needed");
        EXPECT_EQ(test_.audit_store.records.back().reason, reason);
        EXPECT_EQ(test_.audit_store.records.back().resource_type, "session");
    }
    EXPECT_EQ(test_.login_store.finds, 0) << "invented tokens cost no statement";
    test_.login_store.sessions.clear();
    forget();
    EXPECT_FALSE(present(session_.token));
    EXPECT_EQ(test_.audit_store.records.back().reason, "unknown session");
}

TEST_F(SessionTest, EndsEverywhereWithTheNextConfirmation) {
    const auto principal = present(session_.token);
    ASSERT_TRUE(principal);
    const Resource resource{ResourceType::memory, "a"};
    ASSERT_TRUE(
        test_.run(test_.service.authorize(test_.request, *principal, Action::read, resource)));
    stored().details.revoked_at = system_clock().now();  // Another gateway did it.
    ASSERT_TRUE(confirm());
    EXPECT_FALSE(present(session_.token));
    // Whoever was let in before is not any more: streams ask again and again.
    EXPECT_FALSE(test_.service.may(**principal, Action::read, resource));
    EXPECT_TRUE(test_.service.namespace_patterns(**principal, Action::read).allowed.empty());
    const auto decision =
        test_.run(test_.service.authorize(test_.request, *principal, Action::read, resource));
    EXPECT_TRUE(decision.error().is(Failure::permission_denied));
}

TEST_F(SessionTest, IsNotBelievedWhenThePrimaryDoesNotConfirmIt) {
    Harness test({}, {}, {}, {.age_max = std::chrono::milliseconds(20)});
    test.add("ann", {});
    test.login_store.passwords["ann"] = {PrincipalId("id-ann"), "ann", "hash of secret word"};
    const auto session =
        test.run(test.service.log_in(test.request, LoginRequest{"ann", "secret word"}));
    ASSERT_TRUE(session);
    test.login_store.failing = true;
    ASSERT_TRUE(test.run_until([&] {
        return !test.sessions.find(session->details.session_id, system_clock().steady_now());
    }));
    const auto answer =
        test.run(test.service.authenticate(test.request, Credentials{session->token}));
    ASSERT_FALSE(answer);
    EXPECT_TRUE(answer.error().is(Failure::unavailable));
}

TEST_F(SessionTest, EndsWithItsPrincipal) {
    ASSERT_TRUE(present(session_.token));
    test_.directory_store.contents.principals[0].disabled = true;
    test_.refresh();
    EXPECT_FALSE(present(session_.token));
    EXPECT_EQ(test_.audit_store.records.back().reason, "principal disabled");
}

TEST_F(SessionTest, IsRevokedByItsOwnPrincipalOnly) {
    test_.add("bob", {});
    const std::string id = session_.details.session_id;
    const auto foreign = test_.run(test_.service.revoke_session(test_.request, "bob", id));
    EXPECT_EQ(foreign.error().code, make_error_code(Errc::session_not_found));
    EXPECT_TRUE(present(session_.token));
    ASSERT_TRUE(test_.run(test_.service.revoke_session(test_.request, "ann", id)));
    EXPECT_FALSE(present(session_.token));
    EXPECT_EQ(test_.login_store.records.back().action, "session.revoke");
    const auto sessions = test_.run(test_.service.list_sessions(test_.request, "ann"));
    ASSERT_TRUE(sessions);
    ASSERT_EQ(sessions->size(), 1u);
    EXPECT_TRUE(sessions->front().revoked_at.has_value());
}

TEST_F(SessionTest, AUseIsWrittenDownOnceAMinute) {
    const WallTime later = session_.details.created_at + std::chrono::minutes(2);
    test_.sessions.note_use(session_.details.session_id, later);
    ASSERT_TRUE(confirm());
    ASSERT_EQ(test_.login_store.touched.size(), 1u);
    EXPECT_EQ(test_.login_store.touched[0].last_used_at, later);
    test_.sessions.note_use(session_.details.session_id, later + std::chrono::seconds(30));
    ASSERT_TRUE(confirm());
    EXPECT_EQ(test_.login_store.touched.size(), 1u);
}

TEST(SessionCache, HoldsABoundedNumber) {
    SessionCache cache(SessionRules{}, {.sessions_max = 2});
    const SteadyTime now = system_clock().steady_now();
    for (int i = 0; i < 3; ++i) {
        StoredSession session;
        session.details.session_id = std::to_string(i);
        session.details.last_used_at = WallTime(std::chrono::seconds(i));
        cache.put(std::move(session), now);
    }
    EXPECT_FALSE(cache.find("0", now)) << "the one least recently used";
    EXPECT_TRUE(cache.find("1", now));
    EXPECT_TRUE(cache.find("2", now));
}

TEST(SessionCache, DoesNotTakeAnOlderAnswer) {
    SessionCache cache(SessionRules{}, {});
    const SteadyTime now = system_clock().steady_now();
    StoredSession session;
    session.details.session_id = "a";
    session.details.revoked_at = WallTime();
    cache.put(session, now);
    session.details.revoked_at.reset();
    cache.put(session, now - std::chrono::seconds(1));
    EXPECT_TRUE(cache.find("a", now)->details.revoked_at.has_value());
}

}  // namespace
}  // namespace pgmind::security
