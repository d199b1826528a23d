#include <gtest/gtest.h>

#include "security/tests/app/harness.hpp"

namespace pgmind::security {
namespace {

using testing::Harness;

const Resource kAgent{ResourceType::memory, "agent-1"};
const Resource kOther{ResourceType::memory, "other"};

TEST(Authorize, AllowsWhatIsGrantedAndRecordsItsOutcomeAfterwards) {
    Harness test;
    const auto bot = test.log_in(test.add("bot", {{Role::mcp_user, "agent-*", false}}));
    ASSERT_TRUE(test.run(test.service.authorize(test.request, bot, Action::write, kAgent)));
    EXPECT_TRUE(test.audit_store.records.empty());
    ASSERT_TRUE(test.run(test.service.record(test.request, bot, Action::write, kAgent, "ok")));
    EXPECT_EQ(test.event_names(),
              (std::vector<std::string>{"PrincipalAuthenticated", "PermissionChecked",
                                        "AuditLogCreated"}));
    EXPECT_TRUE(test.audit_store.records.empty()) << "class B is queued";
    ASSERT_TRUE(test.run_until([&] { return !test.audit_store.records.empty(); }));
    const AuditRecord& record = test.audit_store.records[0];
    EXPECT_EQ(record.request_id, test.request.request_id.value());
    EXPECT_EQ(record.principal_id, "id-bot");
    EXPECT_EQ(record.principal_name, "bot");
    EXPECT_EQ(record.action, "write");
    EXPECT_EQ(record.resource_type, "memory");
    EXPECT_EQ(record.resource, "agent-1");
    EXPECT_EQ(record.decision, "allow");
    EXPECT_EQ(record.outcome, "ok");
    EXPECT_EQ(record.reason, "");
    EXPECT_EQ(record.protocol, "rest");
    EXPECT_EQ(record.remote_address, "192.0.2.1");
}

TEST(Authorize, WritesADenialBeforeItsReply) {
    Harness test;
    const auto bot = test.log_in(test.add("bot", {{Role::mcp_user, "agent-*", false}}));
    const auto answer = test.run(test.service.authorize(test.request, bot, Action::write, kOther));
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().code, make_error_code(Errc::permission_denied));
    EXPECT_EQ(answer.error().detail, "'bot' may not write memory of namespace 'other'");
    ASSERT_EQ(test.audit_store.records.size(), 1u);
    EXPECT_EQ(test.audit_store.records[0].decision, "deny");
    EXPECT_EQ(test.audit_store.records[0].reason, "no grant");
    EXPECT_EQ(test.audit_store.records[0].outcome, "permission_denied");
    EXPECT_EQ(test.event_names(),
              (std::vector<std::string>{"PrincipalAuthenticated", "PermissionChecked",
                                        "SecurityViolationDetected", "AuditLogCreated"}));
    EXPECT_EQ(test.events[1].attributes[1].second, "memory:other");
    EXPECT_EQ(test.events[1].attributes[2].second, "deny");
}

TEST(Authorize, RefusesNobody) {
    Harness test;
    const auto answer =
        test.run(test.service.authorize(test.request, nullptr, Action::read, kAgent));
    EXPECT_TRUE(answer.error().is(Failure::unauthenticated));
}

TEST(Authorize, GoesByTheNewestGrants) {
    Harness test;
    const auto bot = test.log_in(test.add("bot", {{Role::mcp_user, "agent-*", false}}));
    test.directory_store.contents.principals[0].grants = {{Role::readonly, "other", false}};
    test.refresh();
    EXPECT_FALSE(test.run(test.service.authorize(test.request, bot, Action::write, kAgent)));
    EXPECT_TRUE(test.run(test.service.authorize(test.request, bot, Action::read, kOther)));
    EXPECT_TRUE(test.service.may(*bot, Action::read, kOther));
    EXPECT_EQ(test.service.namespace_patterns(*bot, Action::read).allowed,
              (std::vector<std::string>{"other"}));

    test.directory_store.contents.keys[0].details.revoked_at = WallTime();
    test.refresh();
    const auto answer = test.run(test.service.authorize(test.request, bot, Action::read, kOther));
    EXPECT_TRUE(answer.error().is(Failure::permission_denied));
    EXPECT_EQ(test.audit_store.records.back().reason,
              "principal, key, session or token no longer valid");
    EXPECT_FALSE(test.service.may(*bot, Action::read, kOther));
    EXPECT_TRUE(test.service.namespace_patterns(*bot, Action::read).allowed.empty());
}

TEST(Authorize, RefusesWhatCouldNotBeRecorded) {
    Harness test({.queue_max = 4, .admit_max = 2});
    const auto bot = test.log_in(test.add("bot", {{Role::mcp_user, "*", false}}));
    test.audit_store.cork();
    const auto use = [&] {
        return test.run(test.service.authorize(test.request, bot, Action::read, kAgent));
    };
    const auto record = [&] {
        return test.run(test.service.record(test.request, bot, Action::read, kAgent, "ok"));
    };
    EXPECT_TRUE(use());
    EXPECT_TRUE(record());
    EXPECT_TRUE(use());
    EXPECT_TRUE(record());
    EXPECT_TRUE(use().error().is(Failure::unavailable));
    EXPECT_TRUE(record()) << "what was allowed before still finds a place";
    EXPECT_TRUE(record());
    EXPECT_EQ(record().error().code, make_error_code(Errc::audit_unavailable));
    test.audit_store.uncork();
    EXPECT_TRUE(test.run_until([&] { return test.audit_store.records.size() == 4; }));
    EXPECT_TRUE(use());
}

TEST(Record, OfAdministrationWaitsForTheCommit) {
    Harness test;
    const auto root = test.log_in(test.add("root", {{Role::admin, "*", false}}));
    const Resource principals{ResourceType::principals, ""};
    EXPECT_TRUE(test.run(test.service.record(test.request, root, Action::admin, principals, "ok")));
    EXPECT_EQ(test.audit_store.records.size(), 1u);
    test.audit_store.cork();
    RequestContext hurried = test.request;
    hurried.deadline = Deadline::after(std::chrono::milliseconds(20));
    const auto late =
        test.run(test.service.record(hurried, root, Action::read, {ResourceType::audit, ""}, "ok"));
    EXPECT_EQ(late.error().code, make_error_code(Errc::audit_unavailable));
    test.audit_store.uncork();
}

TEST(Record, MakesOutsideTextSafe) {
    Harness test;
    const auto bot = test.log_in(test.add("bot", {{Role::mcp_user, "*", false}}));
    test.request.remote_address = std::string("\xff\0\n", 3);
    test.request.request_id = RequestId(std::string(1'000, 'r'));
    const Resource resource{ResourceType::memory, std::string("a\0b", 3) + std::string(5'000, 'c')};
    EXPECT_FALSE(test.run(test.service.authorize(test.request, bot, Action::admin, resource)));
    const AuditRecord& record = test.audit_store.records.back();
    EXPECT_EQ(record.remote_address, "\\xff\\x00\\x0a");
    EXPECT_EQ(record.request_id, std::string(64, 'r'));
    EXPECT_EQ(record.resource.substr(0, 6), "a\\x00b");
    EXPECT_LE(record.resource.size(), 1'024u);
}

}  // namespace
}  // namespace pgmind::security
