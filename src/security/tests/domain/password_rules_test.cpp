#include "security/domain/password_rules.hpp"

#include <string>

#include <gtest/gtest.h>

namespace pgmind::security {
namespace {

TEST(Password, MayBeAnythingLong) {
    EXPECT_TRUE(validate_password("ann", "twelve bytes"));
    EXPECT_TRUE(validate_password("ann", "Ä correct horse battery staple, öfter"));
    EXPECT_TRUE(validate_password("ann", "abcd" + std::string(1'020, 'x')));
    EXPECT_TRUE(validate_password("ann", "annannann 4 !"));
}

TEST(Password, IsRefusedWhenItIsShortHugeUnreadableOrTheName) {
    const std::vector<std::string> refused = {"",
                                              "eleven byte",
                                              "abcd" + std::string(1'021, 'x'),
                                              "with a\ttab inside",
                                              std::string("with a\0nul inside", 17),
                                              "not \xff utf-8 at all",
                                              "aaaaaaaaaaaaaaaa",
                                              "abcabcabcabcabc",
                                              "administratoradministrator",
                                              "administrator"};
    for (const std::string& password : refused) {
        const auto valid = validate_password("administrator", password);
        ASSERT_FALSE(valid) << password;
        EXPECT_EQ(valid.error().field, "password");
        EXPECT_TRUE(password.empty() || valid.error().detail.find(password) == std::string::npos)
            << "a password is in no message";
    }
}

}  // namespace
}  // namespace pgmind::security
