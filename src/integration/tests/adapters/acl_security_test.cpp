#include "integration/adapters/acl_security.hpp"

#include <gtest/gtest.h>

#include "fake_security.hpp"

namespace pgmind::integration {
namespace {

using security::Action;
using security::ResourceType;
using security::Role;

class AccessGateTest : public ::testing::Test {
  protected:
    AccessGateTest() {
        security_.add("key", "agent", {{Role::mcp_user, "agent-*", false}});
        security_.add("admin", "root", {{Role::admin, "*", false}});
    }

    template <class T>
    T run(Task<T> task) {
        boost::asio::io_context loop;
        return async::run_blocking_loop<T>(loop, std::move(task));
    }

    security::PrincipalSnapshot principal(const std::string& key) {
        auto result = run(gate_.authenticate(request_, security::Credentials{key}, passage_));
        return result ? *result : nullptr;
    }

    RequestContext request_;
    Passage passage_;
    testing::FakeSecurity security_;
    AccessGate gate_{security_};
};

TEST_F(AccessGateTest, FillsInWhoCalls) {
    EXPECT_EQ(principal("key")->name, "agent");
    EXPECT_EQ(request_.principal, PrincipalId("id-agent"));
    const auto wrong = run(gate_.authenticate(request_, security::Credentials{"wrong"}, passage_));
    ASSERT_FALSE(wrong);
    EXPECT_TRUE(wrong.error().is(Failure::unauthenticated));
}

TEST_F(AccessGateTest, AsksForEachNamespaceThatIsNamed) {
    const auto allowed =
        run(gate_.authorize(request_, principal("key"), Permission::in_namespaces(Action::read),
                            {"agent-1", "agent-2"}));
    ASSERT_TRUE(allowed);
    EXPECT_EQ(security_.authorized,
              (std::vector<std::string>{"read memory agent-1", "read memory agent-2"}));
    EXPECT_EQ(allowed->access.allowed, std::vector<std::string>{"agent-*"});
    const auto refused = run(gate_.authorize(
        request_, principal("key"), Permission::in_namespaces(Action::read), {"agent-1", "b"}));
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().is(Failure::permission_denied));
}

TEST_F(AccessGateTest, NarrowsToWhatIsAllowedWhenNoneIsNamed) {
    const auto allowed = run(
        gate_.authorize(request_, principal("key"), Permission::in_namespaces(Action::read), {}));
    ASSERT_TRUE(allowed);
    EXPECT_EQ(security_.authorized, std::vector<std::string>{"read memory "});
    EXPECT_EQ(allowed->access.allowed, std::vector<std::string>{"agent-*"});
}

TEST_F(AccessGateTest, WhereverAllowedIsRecordedAsThePatterns) {
    const auto allowed = run(
        gate_.authorize(request_, principal("key"), Permission::in_namespaces(Action::read), {}));
    ASSERT_TRUE(allowed);
    EXPECT_TRUE(run(gate_.record(request_, *allowed, "ok")));
    EXPECT_EQ(security_.records.back().resource, "memory:agent-*");
    const auto all = run(
        gate_.authorize(request_, principal("admin"), Permission::in_namespaces(Action::read), {}));
    ASSERT_TRUE(all);
    EXPECT_TRUE(run(gate_.record(request_, *all, "ok")));
    EXPECT_EQ(security_.records.back().resource, "memory:*");
}

TEST_F(AccessGateTest, RefusesARouteForOneNamespaceThatNamesNone) {
    EXPECT_FALSE(run(
        gate_.authorize(request_, principal("admin"), Permission::in_namespace(Action::read), {})));
}

TEST_F(AccessGateTest, RecordsEveryResourceWithTheOutcome) {
    const auto admission = run(gate_.authorize(
        request_, principal("admin"), Permission::in_namespaces(Action::read), {"a", "b"}));
    ASSERT_TRUE(admission);
    EXPECT_TRUE(run(gate_.record(request_, *admission, "not_found")));
    ASSERT_EQ(security_.records.size(), 2u);
    EXPECT_EQ(security_.records[1].resource, "memory:b");
    EXPECT_EQ(security_.records[1].outcome, "not_found");
    security_.record_error = Error(BaseErrc::unavailable, "the audit log is full");
    EXPECT_FALSE(run(gate_.record(request_, *admission, "ok")));
}

TEST_F(AccessGateTest, RecordsNothingForRoutesWithoutAResource) {
    const auto admission =
        run(gate_.authorize(request_, principal("key"), Permission::any_caller(), {}));
    ASSERT_TRUE(admission);
    EXPECT_TRUE(run(gate_.record(request_, *admission, "ok")));
    EXPECT_TRUE(security_.records.empty());
}

TEST(BearerKey, IsTakenFromTheBearerSchemeOnly) {
    EXPECT_EQ(bearer_key("Bearer abc"), "abc");
    EXPECT_EQ(bearer_key("bearer   abc"), "abc");
    EXPECT_EQ(bearer_key("Basic abc"), "");
    EXPECT_EQ(bearer_key("Bearer"), "");
    EXPECT_EQ(bearer_key("Bearerabc"), "");
    EXPECT_EQ(bearer_key(""), "");
}

}  // namespace
}  // namespace pgmind::integration
