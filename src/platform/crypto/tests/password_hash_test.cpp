#include "platform/crypto/password_hash.hpp"

#include <gtest/gtest.h>

namespace pgmind::crypto {
namespace {

constexpr PasswordCost kCheap{8, 1};

TEST(PasswordHash, LetsTheRightPasswordInAndNoOther) {
    const auto hash = hash_password("correct horse battery", kCheap);
    ASSERT_TRUE(hash);
    EXPECT_TRUE(hash->starts_with("$argon2id$v=19$m=8,t=1,p=1$"));
    EXPECT_TRUE(verify_password(*hash, "correct horse battery").value());
    EXPECT_FALSE(verify_password(*hash, "correct horse batterz").value());
    EXPECT_FALSE(verify_password(*hash, "").value());
    EXPECT_NE(*hash, hash_password("correct horse battery", kCheap).value()) << "salted";
    const auto with_nul = hash_password(std::string_view("a\0b", 3), kCheap);
    EXPECT_FALSE(verify_password(*with_nul, std::string_view("a\0c", 3)).value());
}

// Vectors of the reference implementation (phc-winner-argon2, src/test.c), one lane, version 19.
TEST(PasswordHash, AgreesWithTheReferenceImplementation) {
    EXPECT_TRUE(verify_password("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$"
                                "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
                                "password")
                    .value());
    EXPECT_TRUE(verify_password("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$"
                                "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
                                "password")
                    .value());
    EXPECT_FALSE(verify_password("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$"
                                 "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
                                 "Password")
                     .value());
}

TEST(PasswordHash, TellsItsCost) {
    const auto cost = cost_of(hash_password("x", PasswordCost{}).value());
    ASSERT_TRUE(cost);
    EXPECT_EQ(cost->memory_kib, 19'456u);
    EXPECT_EQ(cost->passes, 2u);
}

TEST(PasswordHash, DoesNotWorkForHashesThatAskForTooMuch) {
    const std::string rest = "$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    const std::vector<std::string> refused = {
        "",
        "plain",
        "$argon2i$v=19$m=256,t=2,p=1" + rest,
        "$argon2id$v=16$m=256,t=2,p=1" + rest,
        "$argon2id$v=19$m=65537,t=2,p=1" + rest,
        "$argon2id$v=19$m=4294967296,t=2,p=1" + rest,
        "$argon2id$v=19$m=256,t=11,p=1" + rest,
        "$argon2id$v=19$m=256,t=0,p=1" + rest,
        "$argon2id$v=19$m=256,t=2,p=2" + rest,
        "$argon2id$v=19$m=-1,t=2,p=1" + rest,
        "$argon2id$v=19$m=256,t=2,p=1$" + std::string(200, 'A'),
    };
    for (const std::string& phc : refused) {
        EXPECT_TRUE(verify_password(phc, "password").error().is(Failure::internal)) << phc;
    }
}

}  // namespace
}  // namespace pgmind::crypto
