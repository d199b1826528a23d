#include <gtest/gtest.h>

#include "security/tests/app/harness.hpp"

namespace pgmind::security {
namespace {

using testing::Harness;

TEST(Authenticate, LetsInTheHolderOfAKey) {
    Harness test;
    const std::string key = test.add("ann", {{Role::readonly, "*", false}});
    const auto principal = test.run(test.service.authenticate(test.request, Credentials{key}));
    ASSERT_TRUE(principal.has_value());
    EXPECT_EQ((*principal)->name, "ann");
    EXPECT_EQ((*principal)->key_id, key.substr(4, 16));
    EXPECT_EQ(test.event_names(), (std::vector<std::string>{"PrincipalAuthenticated"}));
    EXPECT_EQ(test.events[0].principal, PrincipalId("id-ann"));
    // Success is told by the record of the decision that follows, not by one of its own.
    EXPECT_TRUE(test.audit_store.records.empty());
}

struct WrongKey {
    std::string what;
    std::string key;
    std::string reason;
};

TEST(Authenticate, GivesOneAnswerToEveryWrongCredential) {
    Harness test({}, {.per_address_per_second = 100, .total_per_second = 100});
    const std::string key = test.add("ann", {});
    const std::string revoked = test.add("revoked", {});
    const std::string expired = test.add("expired", {});
    const std::string disabled = test.add("disabled", {});
    auto& contents = test.directory_store.contents;
    contents.keys[1].details.revoked_at = WallTime();
    contents.keys[2].details.expires_at = system_clock().now();
    contents.principals[3].disabled = true;
    test.refresh();
    std::string wrong_secret = key;
    wrong_secret.back() = wrong_secret.back() == 'z' ? 'y' : 'z';
    std::string wrong_and_revoked = revoked;
    wrong_and_revoked.back() = '_';
    std::string unknown = key;
    unknown.replace(4, 16, "ffffffffffffffff");

    const std::vector<WrongKey> cases = {{"missing", "", "no credential"},
                                         {"malformed", "pgm_hello", "malformed key"},
                                         {"huge", std::string(100'000, 'x'), "malformed key"},
                                         {"unknown", unknown, "unknown key"},
                                         {"wrong secret", wrong_secret, "wrong secret"},
                                         {"wrong and revoked", wrong_and_revoked, "wrong secret"},
                                         {"revoked", revoked, "key revoked"},
                                         {"expired", expired, "key expired"},
                                         {"disabled", disabled, "principal disabled"}};
    for (const WrongKey& wrong : cases) {
        SCOPED_TRACE(wrong.what);
        const int digests = test.cryptography.digests;
        const int comparisons = test.cryptography.comparisons;
        const auto answer =
            test.run(test.service.authenticate(test.request, Credentials{wrong.key}));
        ASSERT_FALSE(answer.has_value());
        EXPECT_EQ(answer.error().code, make_error_code(Errc::unauthenticated));
        EXPECT_EQ(answer.error().detail, "a valid API key is needed");
        // Written before the reply, and the reason is for auditors only.
        ASSERT_FALSE(test.audit_store.records.empty());
        const AuditRecord& record = test.audit_store.records.back();
        EXPECT_EQ(record.decision, "deny");
        EXPECT_EQ(record.action, "authenticate");
        EXPECT_EQ(record.reason, wrong.reason);
        EXPECT_EQ(record.outcome, "unauthenticated");
        EXPECT_EQ(record.remote_address, "192.0.2.1");
        EXPECT_EQ(record.resource, parse_api_key(wrong.key) ? wrong.key.substr(4, 16) : "");
        // The same work, whatever was wrong.
        EXPECT_EQ(test.cryptography.digests - digests, 1);
        EXPECT_EQ(test.cryptography.comparisons - comparisons, 1);
    }
    EXPECT_EQ(test.audit_store.records.size(), cases.size());
    EXPECT_EQ(test.audit_store.records[6].principal_name, "revoked");
    EXPECT_EQ(test.audit_store.records[4].principal_name, "") << "whoever guesses is nobody";
    const auto names = test.event_names();
    EXPECT_EQ(std::count(names.begin(), names.end(), "SecurityViolationDetected"),
              static_cast<long>(cases.size()));
}

TEST(Authenticate, CountsAFloodInsteadOfWritingIt) {
    Harness test({}, {.per_address_per_second = 5, .total_per_second = 100});
    test.refresh();
    for (int i = 0; i < 1'000; ++i) {
        const auto answer = test.run(test.service.authenticate(test.request, Credentials{"x"}));
        ASSERT_TRUE(answer.error().is(Failure::unauthenticated));
    }
    const std::size_t one_by_one = test.audit_store.records.size();
    EXPECT_LE(one_by_one, 30u);
    test.failures.stop();
    ASSERT_TRUE(test.run_until([&] { return test.audit_store.records.size() > one_by_one; }));
    const AuditRecord& summary = test.audit_store.records.back();
    EXPECT_EQ(summary.reason, std::to_string(1'000 - one_by_one) + " more refusals");
    EXPECT_EQ(summary.remote_address, "192.0.2.1");
}

TEST(TurnedAway, IsWrittenBeforeTheReplyAndCountedInAFlood) {
    Harness test({}, {.per_address_per_second = 5, .total_per_second = 100});
    const auto turn_away = [&test] {
        return test.run(test.service.record_turned_away(
            test.request, TurnedAway{"forbidden_origin", "not an allowed origin"}));
    };
    ASSERT_TRUE(turn_away());
    ASSERT_EQ(test.audit_store.records.size(), 1u);
    const AuditRecord record = test.audit_store.records[0];
    EXPECT_EQ(record.action, "connect");
    EXPECT_EQ(record.resource_type, "gateway");
    EXPECT_EQ(record.decision, "deny");
    EXPECT_EQ(record.outcome, "forbidden_origin");
    EXPECT_EQ(record.remote_address, "192.0.2.1");
    for (int i = 0; i < 1'000; ++i) {
        ASSERT_TRUE(turn_away());
    }
    EXPECT_LE(test.audit_store.records.size(), 30u);
}

TEST(Authenticate, RefusesEverybodyWhenTheDirectoryIsStale) {
    Harness test({}, {}, {.directory_age_max = std::chrono::milliseconds(30)});
    const auto before = test.run(test.service.authenticate(test.request, Credentials{"x"}));
    EXPECT_EQ(before.error().code, make_error_code(Errc::directory_stale)) << "never read";
    const std::string key = test.add("ann", {{Role::readonly, "*", false}});
    const PrincipalSnapshot ann = test.log_in(key);
    test.directory_store.failing = true;
    const Deadline limit = Deadline::after(std::chrono::seconds(5));
    bool refused = false;
    while (!refused && !limit.passed()) {
        EXPECT_FALSE(test.run(test.refresher.refresh(test.request.deadline)));
        const auto answer = test.run(test.service.authenticate(test.request, Credentials{key}));
        refused = !answer && answer.error().code == make_error_code(Errc::directory_stale);
    }
    EXPECT_TRUE(refused);
    EXPECT_FALSE(test.service.may(*ann, Action::read, {ResourceType::memory, "a"}));
    EXPECT_TRUE(test.service.namespace_patterns(*ann, Action::read).allowed.empty());
    const auto decision = test.run(
        test.service.authorize(test.request, ann, Action::read, {ResourceType::memory, "a"}));
    EXPECT_TRUE(decision.error().is(Failure::unavailable));
    EXPECT_TRUE(
        test.run(test.service.list_principals(test.request)).error().is(Failure::unavailable));
    EXPECT_TRUE(
        test.run(test.service.list_api_keys(test.request, "ann")).error().is(Failure::unavailable));

    test.directory_store.failing = false;
    EXPECT_TRUE(test.run(test.refresher.refresh(test.request.deadline)));
    EXPECT_TRUE(test.run(test.service.authenticate(test.request, Credentials{key})));
}

TEST(Authenticate, IsUnavailableWhenTheFailureCannotBeAudited) {
    Harness test({.retry_max = std::chrono::milliseconds(50)}, {},
                 {.audit_wait_max = std::chrono::milliseconds(60)});
    test.add("ann", {});
    test.audit_store.failing = true;
    const auto answer = test.run(test.service.authenticate(test.request, Credentials{"wrong"}));
    EXPECT_EQ(answer.error().code, make_error_code(Errc::audit_unavailable));
    // The record is not lost for that: it is written when the store is back.
    test.audit_store.failing = false;
    EXPECT_TRUE(test.run_until([&] { return test.audit_store.records.size() == 1; }));
}

}  // namespace
}  // namespace pgmind::security
