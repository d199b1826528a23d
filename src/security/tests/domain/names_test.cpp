#include "security/domain/names.hpp"

#include <string>

#include <gtest/gtest.h>

namespace pgmind::security {
namespace {

TEST(Names, OfPrincipals) {
    for (const char* good : {"a", "admin", "agent-7", "ci.bot_2", "ann@example.org", "0x"}) {
        EXPECT_TRUE(validate_principal_name(good).has_value()) << good;
    }
    for (const std::string& bad :
         {std::string(), std::string(65, 'a'), std::string("Admin"), std::string("-a"),
          std::string("a b"), std::string("a/b"), std::string("\xd0\xb0"), std::string("a\0b", 3),
          std::string("a\n")}) {
        const auto result = validate_principal_name(bad);
        ASSERT_FALSE(result.has_value()) << bad;
        EXPECT_EQ(result.error().field, "name");
        EXPECT_TRUE(result.error().is(Failure::invalid_argument));
    }
    EXPECT_TRUE(validate_principal_name(std::string(64, 'a')).has_value());
}

TEST(Names, OfPatternsNameTheGrantAtFault) {
    EXPECT_TRUE(validate_grants({{Role::admin, "*", false}, {Role::readonly, "a-*-b", true}}));
    EXPECT_TRUE(validate_grants({}));
    for (const std::string& bad : {std::string(), std::string(513, 'a'), std::string("*********"),
                                   std::string("a\x01"), std::string("\xff")}) {
        const auto result =
            validate_grants({{Role::readonly, "ok", false}, {Role::readonly, bad, false}});
        ASSERT_FALSE(result.has_value());
        EXPECT_EQ(result.error().field, "grants[1].namespace_pattern");
    }
    const auto many = validate_grants(std::vector<Grant>(65, Grant{}));
    ASSERT_FALSE(many.has_value());
    EXPECT_EQ(many.error().field, "grants");
}

TEST(Names, LabelsAndTtl) {
    EXPECT_TRUE(validate_label("build server, Zürich"));
    EXPECT_TRUE(validate_label(""));
    EXPECT_EQ(validate_label(std::string(129, 'x')).error().field, "label");
    EXPECT_EQ(validate_label("a\tb").error().field, "label");
    EXPECT_TRUE(validate_ttl(std::nullopt));
    EXPECT_TRUE(validate_ttl(std::chrono::seconds(1)));
    EXPECT_TRUE(validate_ttl(kTtlMax));
    EXPECT_EQ(validate_ttl(std::chrono::seconds(0)).error().field, "ttl");
    EXPECT_EQ(validate_ttl(kTtlMax + std::chrono::seconds(1)).error().field, "ttl");
    EXPECT_EQ(validate_ttl(std::chrono::seconds::max()).error().field, "ttl");
}

}  // namespace
}  // namespace pgmind::security
