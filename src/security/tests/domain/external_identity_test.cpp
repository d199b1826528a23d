#include "security/domain/external_identity.hpp"

#include <gtest/gtest.h>

namespace pgmind::security {
namespace {

constexpr std::int64_t kNow = 1'800'000'000;
const WallTime now = WallTime(std::chrono::seconds(kNow));

ProviderRules rules() {
    ProviderRules rules;
    rules.name = "corp";
    rules.issuer = "https://id.example";
    rules.audience = "pgmind";
    rules.roles = {{"agent", Role::mcp_user, ""}, {"ops", Role::admin, "*"}};
    return rules;
}

TokenClaims claims() {
    TokenClaims claims;
    claims.type = "at+jwt";
    claims.issuer = "https://id.example";
    claims.subject = "auth0|17";
    claims.name = "alice@example.org";
    claims.audiences = {"other", "pgmind"};
    claims.issued_at = kNow - 60;
    claims.expires_at = kNow + 600;
    claims.roles = {"agent", "unknown"};
    claims.namespaces = {"team-a-*"};
    return claims;
}

std::string_view refused(void (*change)(TokenClaims&)) {
    TokenClaims changed = claims();
    change(changed);
    return refusal(changed, rules(), now);
}

TEST(ExternalIdentity, AGoodTokenGivesWhatItsClaimsSayAndNoMore) {
    ASSERT_EQ(refusal(claims(), rules(), now), "");
    const Principal principal = principal_of(claims(), rules(), PrincipalId("id"));
    EXPECT_EQ(principal.name, "corp:alice@example.org");
    EXPECT_EQ(principal.provider, "corp");
    EXPECT_EQ(principal.kind, PrincipalKind::user);
    EXPECT_EQ(principal.grants, (std::vector<Grant>{{Role::mcp_user, "team-a-*"}}));
    EXPECT_EQ(principal.valid_until, now + std::chrono::seconds(630));
}

TEST(ExternalIdentity, MissingClaimsGiveNothing) {
    TokenClaims some = claims();
    some.roles = {};
    EXPECT_EQ(refusal(some, rules(), now), "");
    EXPECT_TRUE(principal_of(some, rules(), PrincipalId("id")).grants.empty());
    some = claims();
    some.namespaces = {};
    EXPECT_TRUE(principal_of(some, rules(), PrincipalId("id")).grants.empty());
    some.roles = {"ops"};
    EXPECT_EQ(principal_of(some, rules(), PrincipalId("id")).grants,
              (std::vector<Grant>{{Role::admin, "*"}}));
}

TEST(ExternalIdentity, TokensForOthersOrOfAnotherTimeAreRefused) {
    EXPECT_EQ(refused([](TokenClaims& c) { c.issuer += "/"; }), "wrong issuer");
    EXPECT_EQ(refused([](TokenClaims& c) { c.audiences = {"pgmind2"}; }), "wrong audience");
    EXPECT_EQ(refused([](TokenClaims& c) { c.audiences = {}; }), "wrong audience");
    EXPECT_EQ(refused([](TokenClaims& c) { c.type = "JWT"; }), "wrong type of token");
    EXPECT_EQ(refused([](TokenClaims& c) { c.type = ""; }), "wrong type of token");
    EXPECT_EQ(refused([](TokenClaims& c) { c.type = "application/AT+JWT"; }), "");
    EXPECT_EQ(refused([](TokenClaims& c) { c.expires_at = kNow - 30; }), "token expired");
    EXPECT_EQ(refused([](TokenClaims& c) { c.expires_at = kNow - 29; }), "");
    EXPECT_EQ(refused([](TokenClaims& c) { c.expires_at = {}; }), "token without its times");
    EXPECT_EQ(refused([](TokenClaims& c) { c.expires_at = INT64_MAX; }), "token without its times");
    EXPECT_EQ(refused([](TokenClaims& c) { c.issued_at = {}; }), "token without its times");
    EXPECT_EQ(refused([](TokenClaims& c) { c.issued_at = -1; }), "token without its times");
    EXPECT_EQ(refused([](TokenClaims& c) { c.not_before = -1; }), "token without its times");
    EXPECT_EQ(refused([](TokenClaims& c) { c.issued_at = kNow + 31; }), "token not valid yet");
    EXPECT_EQ(refused([](TokenClaims& c) { c.not_before = kNow + 31; }), "token not valid yet");
    EXPECT_EQ(refused([](TokenClaims& c) { c.not_before = kNow + 30; }), "");
    EXPECT_EQ(refused([](TokenClaims& c) { c.expires_at = kNow + 3'541; }),
              "token valid for too long");
}

TEST(ExternalIdentity, NamesKindsAndNamespacesAreChecked) {
    EXPECT_NE(refused([](TokenClaims& c) { c.subject = ""; }), "");
    EXPECT_NE(refused([](TokenClaims& c) { c.name = ""; }), "");
    EXPECT_NE(refused([](TokenClaims& c) { c.name = "a b"; }), "");
    EXPECT_NE(refused([](TokenClaims& c) { c.name = "a\x1b[2J"; }), "");
    EXPECT_NE(refused([](TokenClaims& c) { c.name = std::string(97, 'a'); }), "");
    EXPECT_NE(refused([](TokenClaims& c) { c.kind = "root"; }), "");
    EXPECT_EQ(refused([](TokenClaims& c) { c.kind = "ai_agent"; }), "");
    EXPECT_NE(refused([](TokenClaims& c) { c.namespaces = {"team-a", "*"}; }), "");
    EXPECT_NE(refused([](TokenClaims& c) { c.namespaces = {"*a"}; }), "");
    EXPECT_NE(refused([](TokenClaims& c) { c.namespaces = {""}; }), "");
    EXPECT_NE(refused([](TokenClaims& c) { c.namespaces.assign(65, "a"); }), "");
    EXPECT_NE(refused([](TokenClaims& c) { c.namespaces = {std::string(600, 'a')}; }), "");
}

TEST(ExternalIdentity, RoleMappingsAreRead) {
    const auto fixed = RoleMapping::parse("group=a=app_user@team-*");
    ASSERT_TRUE(fixed);
    EXPECT_EQ(fixed->claim_value, "group=a");
    EXPECT_EQ(fixed->role, Role::app_user);
    EXPECT_EQ(fixed->namespace_pattern, "team-*");
    EXPECT_EQ(RoleMapping::parse("x=readonly")->namespace_pattern, "");
    for (const std::string_view text : {"", "x", "=admin", "x=", "x=root", "x=admin@"}) {
        EXPECT_FALSE(RoleMapping::parse(text)) << text;
    }
}

TEST(ExternalIdentity, RulesWithoutAnAudienceOrRolesAreRefused) {
    EXPECT_TRUE(validate_rules(rules()));
    for (const auto change :
         {+[](ProviderRules& r) { r.audience = ""; }, +[](ProviderRules& r) { r.issuer = ""; },
          +[](ProviderRules& r) { r.roles.clear(); }, +[](ProviderRules& r) { r.name = "a:b"; },
          +[](ProviderRules& r) { r.name = "seventeen-letters"; }}) {
        ProviderRules changed = rules();
        change(changed);
        EXPECT_FALSE(validate_rules(changed));
    }
}

}  // namespace
}  // namespace pgmind::security
