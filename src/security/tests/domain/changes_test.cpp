#include "security/domain/changes.hpp"

#include <gtest/gtest.h>

#include "security/api/errors.hpp"

namespace pgmind::security {
namespace {

const WallTime kNow = WallTime(std::chrono::seconds(1'000'000));
const std::vector<Grant> kAdmin = {{Role::admin, "*", false}};

PrincipalDetails principal(const std::string& name, std::vector<Grant> grants) {
    return {PrincipalId("id-" + name), name, PrincipalKind::user, false, std::move(grants), kNow};
}

StoredApiKey key(const std::string& id, const std::string& owner) {
    return {ApiKeyDetails{id, PrincipalId("id-" + owner), "", kNow, {}, {}}, {}};
}

DirectoryContents one_administrator() {
    return {{1, "t"},
            {principal("root", kAdmin), principal("agent", {{Role::mcp_user, "agent-*", false}})},
            {key("k-root", "root"), key("k-agent", "agent")}};
}

TEST(Changes, ANewPrincipalIsCheckedAndAdded) {
    const DirectoryContents before = one_administrator();
    const NewPrincipal wanted{"bob", PrincipalKind::service, {{Role::readonly, "*", false}}};
    const auto change = create_principal(before, wanted, PrincipalId("id-bob"), kNow);
    ASSERT_TRUE(change.has_value());
    const DirectoryContents after = apply_change(before, *change);
    ASSERT_EQ(after.principals.size(), 3u);
    EXPECT_EQ(after.principals[2].name, "bob");
    EXPECT_EQ(after.principals[2].created_at, kNow);
    EXPECT_EQ(describe(*change).action, "principal.create");
    EXPECT_EQ(describe(*change).reason, "service; readonly on *");

    const auto again = create_principal(after, wanted, PrincipalId("x"), kNow);
    EXPECT_EQ(again.error().code, make_error_code(Errc::principal_exists));
    EXPECT_TRUE(again.error().is(Failure::already_exists));
    EXPECT_EQ(create_principal(before, {"B", {}, {}}, PrincipalId("x"), kNow).error().field,
              "name");
    EXPECT_EQ(create_principal(before, {"b", {}, std::vector<Grant>(65)}, PrincipalId("x"), kNow)
                  .error()
                  .field,
              "grants");
}

TEST(Changes, GrantsAreReplacedAsAWhole) {
    const DirectoryContents before = one_administrator();
    const auto change = replace_grants(
        before, "agent", {{Role::readonly, "x", false}, {Role::admin, "y", true}}, kNow);
    ASSERT_TRUE(change.has_value());
    const DirectoryContents after = apply_change(before, *change);
    ASSERT_EQ(after.principals[1].grants.size(), 2u);
    EXPECT_EQ(describe(*change).action, "principal.grants");
    EXPECT_EQ(describe(*change).reason, "readonly on x, deny admin on y");
    EXPECT_TRUE(replace_grants(before, "nobody", {}, kNow).error().is(Failure::not_found));
}

TEST(Changes, TheLastAdministratorCannotBeTakenAway) {
    const DirectoryContents before = one_administrator();
    const auto code = make_error_code(Errc::last_administrator);
    EXPECT_EQ(replace_grants(before, "root", {{Role::app_user, "*", false}}, kNow).error().code,
              code);
    EXPECT_EQ(replace_grants(before, "root", {{Role::admin, "a-*", false}}, kNow).error().code,
              code);
    EXPECT_EQ(disable_principal(before, "root", kNow).error().code, code);
    EXPECT_EQ(revoke_api_key(before, "k-root", kNow).error().code, code);
    EXPECT_TRUE(disable_principal(before, "root", kNow).error().is(Failure::invalid_argument));

    DirectoryContents two = before;
    two.principals.push_back(principal("second", kAdmin));
    // Without a key the second could not log in, so it does not count.
    EXPECT_FALSE(disable_principal(two, "root", kNow).has_value());
    two.keys.push_back(key("k-second", "second"));
    EXPECT_TRUE(disable_principal(two, "root", kNow).has_value());
    EXPECT_TRUE(revoke_api_key(two, "k-root", kNow).has_value());
    two.keys.back().details.expires_at = kNow;
    EXPECT_FALSE(disable_principal(two, "root", kNow).has_value());
    two.keys.back().details.expires_at = kNow + std::chrono::seconds(1);
    EXPECT_TRUE(disable_principal(two, "root", kNow).has_value());
}

TEST(Changes, OthersCanBeDisabledAndRevokedTwice) {
    const DirectoryContents before = one_administrator();
    const auto disabled = disable_principal(before, "agent", kNow);
    ASSERT_TRUE(disabled.has_value());
    const DirectoryContents after = apply_change(before, *disabled);
    EXPECT_TRUE(after.principals[1].disabled);
    EXPECT_TRUE(disable_principal(after, "agent", kNow).has_value());
    EXPECT_EQ(describe(*disabled).action, "principal.disable");
    EXPECT_TRUE(disable_principal(before, "nobody", kNow).error().is(Failure::not_found));

    const auto revoked = revoke_api_key(before, "k-agent", kNow);
    const DirectoryContents without = apply_change(before, *revoked);
    EXPECT_EQ(without.keys[1].details.revoked_at, kNow);
    EXPECT_EQ(describe(*revoked).reason, "of agent");
    const auto again = revoke_api_key(without, "k-agent", kNow + std::chrono::hours(1));
    EXPECT_EQ(std::get<ApiKeyRevoked>(*again).revoked_at, kNow);
    EXPECT_TRUE(revoke_api_key(before, "k-none", kNow).error().is(Failure::not_found));
}

TEST(Changes, KeysAreIssuedWithinLimits) {
    DirectoryContents directory = one_administrator();
    const NewApiKey wanted{"agent", "laptop", std::chrono::seconds(60)};
    const auto change = issue_api_key(directory, wanted, "k-new", kNow);
    ASSERT_TRUE(change.has_value());
    const DirectoryContents after = apply_change(directory, *change);
    EXPECT_EQ(after.keys.back().details.expires_at, kNow + std::chrono::seconds(60));
    EXPECT_EQ(describe(*change).resource, "k-new");
    EXPECT_EQ(describe(*change).reason,
              "for agent; label laptop; until 1970-01-12T13:47:40.000000Z");

    EXPECT_TRUE(
        issue_api_key(directory, {"nobody", "", {}}, "k", kNow).error().is(Failure::not_found));
    EXPECT_EQ(issue_api_key(directory, {"agent", "\n", {}}, "k", kNow).error().field, "label");
    EXPECT_EQ(
        issue_api_key(directory, {"agent", "", std::chrono::seconds(0)}, "k", kNow).error().field,
        "ttl");
    for (std::size_t i = 1; i < kKeysPerPrincipalMax; ++i) {
        directory.keys.push_back(key("k" + std::to_string(i), "agent"));
    }
    EXPECT_TRUE(
        issue_api_key(directory, wanted, "k", kNow).error().is(Failure::resource_exhausted));
    directory.principals[1].disabled = true;
    EXPECT_TRUE(issue_api_key(directory, wanted, "k", kNow).error().is(Failure::invalid_argument));
}

}  // namespace
}  // namespace pgmind::security
