// Grants as two gateways on one coordinator see them.
#include "security/tests/adapters/gateway.hpp"

namespace pgmind::security {
namespace {

using postgres::testing::TemporaryPostgres;
using std::chrono::milliseconds;
using testing::Coordinator;
using testing::Gateway;
using testing::time_until;

class TwoGatewaysTest : public ::testing::Test {
  protected:
    TwoGatewaysTest() { one_.administrator(); }

    // On the one, then until the other goes by it too.
    void grant(const std::vector<Grant>& grants, const std::function<bool()>& seen_by_two) {
        const auto changed = one_.run(one_.security->set_grants(one_.request, "bot", grants));
        ASSERT_TRUE(changed) << changed.error().detail;
        EXPECT_LT(time_until(seen_by_two), milliseconds(1'000));
    }
    bool two_may(Action action, const std::string& name) {
        return two_.security->may(*bot_, action, {ResourceType::memory, name});
    }

    Coordinator coordinator_{TemporaryPostgres::instance()};
    Gateway one_{coordinator_};
    Gateway two_{coordinator_};
    std::string key_ = one_.add("bot", {{Role::app_user, "*"}});
    PrincipalSnapshot bot_ = *one_.log_in(key_);
};

TEST_F(TwoGatewaysTest, ADenialANarrowingAndAnExpiryReachBothWithinASecond) {
    EXPECT_LT(time_until([&] { return two_may(Action::write, "a"); }), milliseconds(1'000));

    Grant no_deleting{Role::admin, "*", true};
    no_deleting.actions = {Action::remove};
    grant({{Role::app_user, "*"}, no_deleting}, [&] { return !two_may(Action::remove, "a"); });
    EXPECT_TRUE(two_may(Action::write, "a"));

    Grant reading{Role::app_user, "*"};
    reading.actions = {Action::read};
    reading.types = {ResourceType::memory};
    grant({reading}, [&] { return !two_may(Action::write, "a"); });
    EXPECT_TRUE(two_may(Action::read, "a"));

    Grant brief{Role::app_user, "*"};
    brief.expires_at = system_clock().now() + milliseconds(1'500);
    grant({brief}, [&] { return two_may(Action::write, "a"); });
    EXPECT_LT(time_until([&] { return !two_may(Action::write, "a"); }), milliseconds(2'000))
        << "nobody has to be told that time passed";
}

// Two gateways that are flooded at once: the sum over both stays near one rate.
TEST_F(TwoGatewaysTest, APrincipalHasItsRateOnceAndNotOncePerGateway) {
    Grant slow{Role::app_user, "*"};
    slow.requests_per_second = 100;
    grant({slow}, [&] { return two_.log_in(key_) && (*two_.log_in(key_))->grants[0] == slow; });
    const PrincipalSnapshot at_one = *one_.log_in(key_);
    const PrincipalSnapshot at_two = *two_.log_in(key_);
    constexpr int kSeconds = 5;
    int through = 0;
    const Deadline end = Deadline::after(std::chrono::seconds(kSeconds));
    while (!end.passed()) {
        through += one_.security->admit_principal(*at_one).refusal ? 0 : 1;
        through += two_.security->admit_principal(*at_two).refusal ? 0 : 1;
    }
    constexpr int kRate = 100;
    constexpr int kBurst = 2 * kRate;
    // Both bursts at once, the rate, and what each had not yet heard of the other: half a second,
    // and as long again for a slow machine.
    EXPECT_LE(through, 2 * kBurst + kRate * kSeconds + 2 * kRate);
    EXPECT_GE(through, kRate * kSeconds / 2) << "and is not starved";
    RecordProperty("through", through);
}

TEST_F(TwoGatewaysTest, BothExplainADecisionAlike) {
    Grant narrowed{Role::app_user, "a-*"};
    narrowed.types = {ResourceType::namespaces};
    const std::vector<Grant> grants = {{Role::readonly, "*"}, narrowed, {Role::admin, "x", true}};
    grant(grants, [&] { return !two_may(Action::read, "x"); });
    const ExplainRequest question{"bot", Action::read, {ResourceType::memory, "x"}};
    for (Gateway* gateway : {&one_, &two_}) {
        const auto explained = gateway->security->explain(question);
        ASSERT_TRUE(explained) << explained.error().detail;
        EXPECT_FALSE(explained->allowed);
        EXPECT_EQ(explained->reason, "denied by a grant");
        ASSERT_EQ(explained->grants.size(), 3u);
        EXPECT_EQ(explained->grants[0].grant, grants[0]);
        EXPECT_EQ(explained->grants[0].verdict, "allows");
        EXPECT_EQ(explained->grants[1].grant, grants[1]);
        EXPECT_EQ(explained->grants[1].verdict, "is narrowed to other types of resource");
        EXPECT_EQ(explained->grants[2].verdict, "denies");
        EXPECT_FALSE(explained->grants[0].decided);
        EXPECT_TRUE(explained->grants[2].decided);
    }
    EXPECT_TRUE(one_.security->explain({"none", Action::read, {}}).error().is(Failure::not_found));
}

TEST_F(TwoGatewaysTest, OfADisabledPrincipalNothingCounts) {
    ASSERT_TRUE(one_.run(one_.security->disable_principal(one_.request, "bot")));
    const auto explained =
        one_.security->explain({"bot", Action::read, {ResourceType::memory, ""}});
    ASSERT_TRUE(explained);
    EXPECT_FALSE(explained->allowed);
    EXPECT_EQ(explained->reason, "principal disabled");
    EXPECT_FALSE(explained->grants.at(0).decided);
}

}  // namespace
}  // namespace pgmind::security
