#include "platform/crypto/password_strength.hpp"

#include <gtest/gtest.h>

namespace pgmind::crypto {
namespace {

TEST(PasswordStrength, CommonPasswordsAndTheirDisguisesAreWeak) {
    for (const char* weak :
         {"password1234", "Password123!", "P@ssw0rd2024", "qwertyuiop123", "iloveyou12345",
          "123456789012", "letmein letmein", "administrator1", "aaaaaaaaaaaa", "abcabcabcabc",
          "pgmindpgmind1", "postgres12345", "1qaz2wsx3edc"}) {
        EXPECT_LT(password_strength_bits(weak), 26) << weak;
    }
}

TEST(PasswordStrength, PhrasesAndRandomTextAreStrong) {
    for (const char* strong :
         {"correct horse battery", "x7Gk2pQ9vLmZ", "pferd batterie heft", "ein ganz langer satz"}) {
        EXPECT_GT(password_strength_bits(strong), 40) << strong;
    }
}

TEST(PasswordStrength, LongAndStrangeTextIsNoTrouble) {
    EXPECT_EQ(password_strength_bits(""), 0);
    EXPECT_GT(password_strength_bits(std::string(1024, 'a')), 0);
    EXPECT_GT(password_strength_bits("\xff\xfe\x80 \xc3\xa4\xc3\xb6 x7Gk2"), 20);
}

}  // namespace
}  // namespace pgmind::crypto
