#include "security/domain/sql_access.hpp"

#include <gtest/gtest.h>

namespace pgmind::security {
namespace {

constexpr WallTime kNow{std::chrono::hours(490'000)};

DirectoryContents with(std::vector<Grant> grants, bool disabled = false) {
    DirectoryContents contents;
    contents.revision.number = 7;
    contents.principals.push_back(
        {PrincipalId("id"), "ann", PrincipalKind::user, disabled, std::move(grants), WallTime()});
    contents.sql_logins.push_back({PrincipalId("id"), "SCRAM"});
    return contents;
}

TEST(SqlAccess, FollowsFromTheGrants) {
    const SqlAccess access = sql_access_of(
        with({{Role::readonly, "*"}, {Role::app_user, "a-*"}, {Role::admin, "a-secret", true}}),
        kNow);
    EXPECT_EQ(access.revision, 7);
    ASSERT_EQ(access.logins.size(), 1u);
    EXPECT_EQ(access.logins[0], (SqlLogin{"sql_ann", "pgmind_app_user", "SCRAM"}));
    ASSERT_EQ(access.rules.size(), 3u);
    EXPECT_EQ(access.rules[0].action, "read");
    EXPECT_EQ(access.rules[0].patterns.allowed, (std::vector<std::string>{"*", "a-*"}));
    EXPECT_EQ(access.rules[0].patterns.denied, (std::vector<std::string>{"a-secret"}));
    EXPECT_EQ(access.rules[1].action, "write");
    EXPECT_EQ(access.rules[1].patterns.allowed, (std::vector<std::string>{"a-*"}));
    EXPECT_EQ(access.rules[2].action, "delete");
}

TEST(SqlAccess, EndsWithWhatItFollowsFrom) {
    Grant brief{Role::readonly, "*"};
    brief.expires_at = kNow;
    EXPECT_TRUE(sql_access_of(with({brief}), kNow).logins.empty());
    EXPECT_EQ(sql_access_of(with({brief}), kNow - std::chrono::hours(1)).logins.size(), 1u);
    EXPECT_TRUE(sql_access_of(with({{Role::auditor, "*"}}), kNow).logins.empty());
    EXPECT_TRUE(sql_access_of(with({{Role::admin, "*"}}, true), kNow).logins.empty());
    EXPECT_TRUE(sql_access_of(with({}), kNow).rules.empty());
}

TEST(SqlAccess, NamesOfLoginsFit) {
    EXPECT_EQ(sql_login_name(std::string(59, 'a')).value().size(), 63u);
    EXPECT_FALSE(sql_login_name(std::string(60, 'a')));
}

}  // namespace
}  // namespace pgmind::security
