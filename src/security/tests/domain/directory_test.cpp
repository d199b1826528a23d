#include "security/domain/directory.hpp"

#include <gtest/gtest.h>

namespace pgmind::security {
namespace {

const WallTime kNow = WallTime(std::chrono::seconds(1'000'000));

DirectoryContents contents() {
    DirectoryContents all;
    all.revision = {3, "token"};
    all.principals = {
        {PrincipalId("1"), "ann", PrincipalKind::user, false, {{Role::readonly, "a", false}}, kNow},
        {PrincipalId("2"),
         "bot",
         PrincipalKind::ai_agent,
         true,
         {{Role::admin, "*", false}},
         kNow}};
    const auto key = [](const char* id, const char* owner) {
        return StoredApiKey{ApiKeyDetails{id, PrincipalId(owner), "", kNow, {}, {}}, {}};
    };
    all.keys = {key("k1", "1"), key("k2", "2"), key("k3", "1"), key("lost", "9")};
    all.keys[2].details.expires_at = kNow;
    all.keys[2].details.created_at = kNow - std::chrono::seconds(5);
    return all;
}

TEST(Directory, FindsByIdNameAndKey) {
    const Directory directory(contents());
    EXPECT_EQ(directory.revision(), (DirectoryRevision{3, "token"}));
    EXPECT_EQ(directory.find_principal(PrincipalId("1"))->name, "ann");
    EXPECT_EQ(directory.find_principal_named("bot")->id, PrincipalId("2"));
    EXPECT_EQ(directory.find_principal(PrincipalId("9")), nullptr);
    EXPECT_EQ(directory.find_principal_named("ANN"), nullptr);
    ASSERT_NE(directory.find_key("k1"), nullptr);
    EXPECT_EQ(directory.find_key("k1")->principal->name, "ann");
    EXPECT_EQ(directory.find_key("k1")->principal->key_id, "k1");
    EXPECT_EQ(directory.find_key(""), nullptr);
    EXPECT_EQ(directory.find_key("lost"), nullptr) << "a key without its principal is no key";
    const auto keys = directory.keys_of(PrincipalId("1"));
    ASSERT_EQ(keys.size(), 2u);
    EXPECT_EQ(keys[0].key_id, "k3");
}

TEST(Directory, SaysWhyAKeyIsUnusable) {
    DirectoryContents all = contents();
    EXPECT_EQ(unusable_reason(*Directory(all).find_key("k1"), kNow), "");
    EXPECT_EQ(unusable_reason(*Directory(all).find_key("k2"), kNow), "principal disabled");
    EXPECT_EQ(unusable_reason(*Directory(all).find_key("k3"), kNow), "key expired");
    EXPECT_EQ(unusable_reason(*Directory(all).find_key("k3"), kNow - std::chrono::microseconds(1)),
              "");
    all.keys[0].details.revoked_at = kNow;
    EXPECT_EQ(unusable_reason(*Directory(all).find_key("k1"), kNow), "key revoked");
}

TEST(Directory, GivesTheGrantsOfTodayToAPrincipalOfYesterday) {
    DirectoryContents all = contents();
    const Principal ann = *Directory(all).find_key("k1")->principal;
    all.principals[0].grants = {{Role::app_user, "b", false}};
    const Directory changed(all);
    const auto* grants = changed.current_grants(ann, kNow);
    ASSERT_NE(grants, nullptr);
    EXPECT_EQ(grants->at(0).namespace_pattern, "b");

    all.keys[0].details.revoked_at = kNow;
    EXPECT_EQ(Directory(all).current_grants(ann, kNow), nullptr);
    Principal without_key = ann;
    without_key.key_id.clear();
    EXPECT_NE(Directory(all).current_grants(without_key, kNow), nullptr);
    all.principals[0].disabled = true;
    EXPECT_EQ(Directory(all).current_grants(without_key, kNow), nullptr);
    Principal thief = ann;
    thief.id = PrincipalId("2");
    EXPECT_EQ(Directory(contents()).current_grants(thief, kNow), nullptr);
}

}  // namespace
}  // namespace pgmind::security
