#include <gtest/gtest.h>

#include "security/tests/app/harness.hpp"

namespace pgmind::security {
namespace {

using testing::Harness;

class AdministrationTest : public ::testing::Test {
  protected:
    void SetUp() override {
        root_key = test.add("root", {{Role::admin, "*", false}});
        test.request.principal = PrincipalId("id-root");
    }
    Harness test;
    std::string root_key;
};

TEST_F(AdministrationTest, ANewPrincipalWithAKeyCanLogInAtOnce) {
    const NewPrincipal wanted{"bot", PrincipalKind::ai_agent, {{Role::mcp_user, "a-*", false}}};
    const auto created = test.run(test.service.create_principal(test.request, wanted));
    ASSERT_TRUE(created.has_value());
    EXPECT_EQ(created->name, "bot");
    EXPECT_TRUE(is_uuid(created->id.value()));
    const auto key = test.run(test.service.create_api_key(test.request, {"bot", "laptop", {}}));
    ASSERT_TRUE(key.has_value());
    EXPECT_EQ(key->details.principal, created->id);
    EXPECT_TRUE(parse_api_key(key->api_key).has_value());
    const auto bot = test.log_in(key->api_key);
    EXPECT_EQ(bot->name, "bot");
    EXPECT_EQ(bot->kind, PrincipalKind::ai_agent);

    const auto& records = test.directory_store.records;
    ASSERT_EQ(records.size(), 2u);
    EXPECT_EQ(records[0].action, "principal.create");
    EXPECT_EQ(records[0].principal_name, "root");
    EXPECT_EQ(records[0].resource, "bot");
    EXPECT_EQ(records[1].action, "key.create");
    EXPECT_EQ(records[1].resource, key->details.key_id);
    for (const AuditRecord& record : records) {
        EXPECT_EQ(record.reason.find(key->api_key.substr(21)), std::string::npos);
    }
    EXPECT_EQ(test.event_names(),
              (std::vector<std::string>{"PermissionGranted", "AuditLogCreated", "PermissionGranted",
                                        "AuditLogCreated", "PrincipalAuthenticated"}));
    EXPECT_TRUE(test.run(test.service.create_principal(test.request, wanted))
                    .error()
                    .is(Failure::already_exists));
}

TEST_F(AdministrationTest, ChangedGrantsCountAtOnceAndAreToldAsWhatTheyAre) {
    const auto bot = test.log_in(test.add("bot", {{Role::readonly, "a", false}}));
    const auto may_write = [&] {
        return test.service.may(*bot, Action::write, {ResourceType::memory, "a"});
    };
    EXPECT_FALSE(may_write());
    test.event_names();
    test.events.clear();
    const std::vector<Grant> more = {{Role::readonly, "a", false}, {Role::app_user, "a", false}};
    const auto changed = test.run(test.service.set_grants(test.request, "bot", more));
    ASSERT_TRUE(changed.has_value());
    EXPECT_EQ(changed->grants.size(), 2u);
    EXPECT_EQ(changed->id, PrincipalId("id-bot"));
    EXPECT_TRUE(may_write());
    EXPECT_EQ(test.event_names()[0], "PermissionGranted");
    test.events.clear();
    const std::vector<Grant> denied = {
        {Role::readonly, "a", false}, {Role::app_user, "a", false}, {Role::admin, "*", true}};
    EXPECT_TRUE(test.run(test.service.set_grants(test.request, "bot", denied)));
    EXPECT_FALSE(may_write());
    EXPECT_EQ(test.event_names()[0], "PermissionRevoked");
    EXPECT_TRUE(test.run(test.service.set_grants(test.request, "nobody", {}))
                    .error()
                    .is(Failure::not_found));
}

TEST_F(AdministrationTest, DisablingAndRevokingShutOut) {
    const std::string bot = test.add("bot", {});
    const std::string eve = test.add("eve", {});
    EXPECT_TRUE(test.run(test.service.disable_principal(test.request, "bot")));
    EXPECT_TRUE(test.run(test.service.revoke_api_key(test.request, eve.substr(4, 16))));
    for (const std::string& key : {bot, eve}) {
        const auto answer = test.run(test.service.authenticate(test.request, Credentials{key}));
        EXPECT_TRUE(answer.error().is(Failure::unauthenticated));
    }
    EXPECT_TRUE(test.run(test.service.create_api_key(test.request, {"bot", "", {}}))
                    .error()
                    .is(Failure::invalid_argument));
    EXPECT_TRUE(
        test.run(test.service.revoke_api_key(test.request, "x")).error().is(Failure::not_found));
    EXPECT_TRUE(
        test.run(test.service.disable_principal(test.request, "x")).error().is(Failure::not_found));
}

TEST_F(AdministrationTest, Lists) {
    test.add("ann", {});
    const auto principals = test.run(test.service.list_principals(test.request));
    ASSERT_EQ(principals->size(), 2u);
    EXPECT_EQ(principals->at(0).name, "ann");
    const auto keys = test.run(test.service.list_api_keys(test.request, "ann"));
    ASSERT_EQ(keys->size(), 1u);
    EXPECT_TRUE(test.run(test.service.list_api_keys(test.request, "nobody"))
                    .error()
                    .is(Failure::not_found));
}

TEST_F(AdministrationTest, DecidesAgainWhenOthersCameFirst) {
    test.directory_store.changed_by_others_before_store = 3;
    EXPECT_TRUE(test.run(test.service.create_principal(test.request, {"bot", {}, {}})));
    EXPECT_EQ(test.directory_store.contents.principals.size(), 2u);
    EXPECT_EQ(test.directory_store.records.size(), 1u);
    test.directory_store.changed_by_others_before_store = 100;
    const auto never = test.run(test.service.create_principal(test.request, {"bot2", {}, {}}));
    EXPECT_EQ(never.error().code, make_error_code(Errc::concurrent_change));
}

TEST_F(AdministrationTest, AFailureOfTheStoreIsTold) {
    test.directory_store.failing = true;
    const auto answer = test.run(test.service.create_principal(test.request, {"bot", {}, {}}));
    EXPECT_TRUE(answer.error().is(Failure::unavailable));
    Harness unread;
    EXPECT_EQ(
        unread.run(unread.service.create_principal(unread.request, {"bot", {}, {}})).error().code,
        make_error_code(Errc::directory_stale));
}

TEST_F(AdministrationTest, QueriesOfTheAuditLogAreChecked) {
    AuditQuery denials;
    denials.decision = "deny";
    EXPECT_TRUE(test.run(test.service.query_audit(test.request, denials)));
    EXPECT_EQ(test.audit_store.last_query.decision, "deny");
    const auto field_at_fault = [&](auto spoil) {
        AuditQuery query;
        spoil(query);
        return test.run(test.service.query_audit(test.request, query)).error().field;
    };
    EXPECT_EQ(field_at_fault([](AuditQuery& query) { query.limit = 0; }), "limit");
    EXPECT_EQ(field_at_fault([](AuditQuery& query) { query.limit = 1'001; }), "limit");
    EXPECT_EQ(field_at_fault([](AuditQuery& query) { query.before_sequence = -1; }),
              "before_sequence");
    EXPECT_EQ(field_at_fault([](AuditQuery& query) { query.decision = "maybe"; }), "decision");
    EXPECT_EQ(field_at_fault([](AuditQuery& query) { query.principal_name.resize(2'000); }),
              "principal_name");
    EXPECT_EQ(field_at_fault([](AuditQuery& query) { query.resource = std::string(1, 0); }),
              "resource");
}

TEST(EnsureAdministrator, MakesTheFirstOneAndThenNothing) {
    Harness test;
    test.refresh();
    std::string kept;
    const Administration::KeepKey keep = [&](const IssuedApiKey& key) {
        kept = key.api_key;
        return Result<void>();
    };
    RequestContext request;
    request.protocol = "internal";
    const auto first = test.run(test.administration.ensure_administrator(request, keep));
    ASSERT_TRUE(first.has_value() && first->has_value());
    EXPECT_EQ((*first)->api_key, kept);
    const auto admin = test.log_in(kept);
    EXPECT_EQ(admin->name, "admin");
    EXPECT_TRUE(test.service.may(*admin, Action::admin, {ResourceType::principals, ""}));
    ASSERT_EQ(test.directory_store.records.size(), 2u);
    EXPECT_EQ(test.directory_store.records[0].principal_name, "pgmind");

    const auto second = test.run(test.administration.ensure_administrator(request, keep));
    ASSERT_TRUE(second.has_value());
    EXPECT_FALSE(second->has_value());
}

TEST(EnsureAdministrator, StoresNothingWhenTheKeyCannotBeKept) {
    Harness test;
    test.refresh();
    const auto failed = test.run(test.administration.ensure_administrator(
        RequestContext{}, [](const IssuedApiKey&) -> Result<void> {
            return fail(BaseErrc::unavailable, "disk full");
        }));
    EXPECT_EQ(failed.error().detail, "disk full");
    EXPECT_TRUE(test.directory_store.contents.principals.empty());
}

TEST(EnsureAdministrator, IssuesAnotherKeyWhenNoneIsUsable) {
    Harness test;
    test.add("admin", {{Role::admin, "*", false}});
    test.add("root", {{Role::admin, "*", false}});
    auto& contents = test.directory_store.contents;
    contents.principals[0].disabled = true;
    contents.keys[1].details.expires_at = WallTime();
    test.refresh();
    const Administration::KeepKey keep = [](const IssuedApiKey&) { return Result<void>(); };
    const auto again = test.run(test.administration.ensure_administrator(RequestContext{}, keep));
    ASSERT_TRUE(again.has_value() && again->has_value());
    EXPECT_EQ(test.log_in((*again)->api_key)->name, "root");

    Harness none;
    none.add("admin", {{Role::readonly, "*", false}});
    const auto other = none.run(none.administration.ensure_administrator(RequestContext{}, keep));
    EXPECT_EQ(none.log_in((*other)->api_key)->name, "admin-2");
}

}  // namespace
}  // namespace pgmind::security
