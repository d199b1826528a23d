#include "security/domain/totp.hpp"

#include <gtest/gtest.h>

namespace pgmind::security {
namespace {

WallTime at(std::int64_t seconds) {
    return WallTime(std::chrono::seconds(seconds));
}

TEST(Totp, CountsStepsAsRfc6238Does) {
    // The column T of appendix B.
    EXPECT_EQ(totp_step(at(59)), 0x1);
    EXPECT_EQ(totp_step(at(1111111109)), 0x23523EC);
    EXPECT_EQ(totp_step(at(1111111111)), 0x23523ED);
    EXPECT_EQ(totp_step(at(20000000000)), 0x27BC86AA);
    EXPECT_EQ(totp_message(0x23523EC), std::string("\0\0\0\0\x02\x35\x23\xEC", 8));
}

TEST(Totp, TakesTheDigitsThatRfc4226Takes) {
    // The example of section 5.4.
    const TotpMac mac = {0x1f, 0x86, 0x98, 0x69, 0x0e, 0x02, 0xca, 0x16, 0x61, 0x85,
                         0x50, 0xef, 0x7f, 0x19, 0xda, 0x8e, 0x94, 0x5b, 0x55, 0x5a};
    EXPECT_EQ(totp_number(mac, 6), 872921u);
    EXPECT_EQ(totp_number(mac, 8), 57872921u);
}

// A "MAC" whose number is the step.
TotpMac step_itself(std::string_view message) {
    TotpMac mac{};
    for (std::size_t i = 0; i < 4; ++i) {
        mac[i] = static_cast<std::uint8_t>(message[4 + i]);
    }
    return mac;
}

TEST(Totp, ACodeCountsOneStepAroundAndNeverTwice) {
    const WallTime now = at(30 * 1000 + 7);
    for (const std::uint32_t step : {999u, 1000u, 1001u}) {
        EXPECT_EQ(matching_step(step, now, 0, step_itself), step);
        EXPECT_EQ(matching_step(step, now, step - 1, step_itself), step);
        EXPECT_FALSE(matching_step(step, now, step, step_itself));
        EXPECT_FALSE(matching_step(step, now, 2000, step_itself));
    }
    EXPECT_FALSE(matching_step(998, now, 0, step_itself));
    EXPECT_FALSE(matching_step(1002, now, 0, step_itself));
}

TEST(Totp, ReadsSixDigitsAndNothingElse) {
    EXPECT_EQ(parse_totp_code("012345"), 12345u);
    EXPECT_EQ(parse_totp_code("012 345"), 12345u);
    for (const char* wrong : {"", "12345", "1234567", "12345a", "-12345", "１２３４５６"}) {
        EXPECT_FALSE(parse_totp_code(wrong)) << wrong;
    }
}

TEST(Totp, WritesBase32AsRfc4648Does) {
    EXPECT_EQ(to_base32(""), "");
    EXPECT_EQ(to_base32("f"), "MY");
    EXPECT_EQ(to_base32("fo"), "MZXQ");
    EXPECT_EQ(to_base32("foo"), "MZXW6");
    EXPECT_EQ(to_base32("foob"), "MZXW6YQ");
    EXPECT_EQ(to_base32("fooba"), "MZXW6YTB");
    EXPECT_EQ(to_base32("foobar"), "MZXW6YTBOI");
}

TEST(Totp, TheUriIsWhatAppsRead) {
    EXPECT_EQ(totp_uri("pgmind", "ann b&c", "foobar"),
              "otpauth://totp/pgmind:ann%20b%26c?secret=MZXW6YTBOI&issuer=pgmind"
              "&algorithm=SHA1&digits=6&period=30");
}

TEST(RecoveryCode, IsReadHoweverItIsTyped) {
    const std::string code =
        format_recovery_code(std::string("\x00\xff\x10\x20\x30\x40\x50\x60\x70\x80", 10));
    EXPECT_EQ(code.size(), 19u);
    EXPECT_EQ(parse_recovery_code(code), code);
    std::string shouted;
    for (const char c : code) {
        shouted += c == '-' ? ' ' : static_cast<char>(std::toupper(c));
    }
    EXPECT_EQ(parse_recovery_code(shouted), code);
    for (const std::string& wrong : {std::string(), code.substr(1), code + "a",
                                     std::string("abcd-efgh-ijkl-mno1"), std::string("123456")}) {
        EXPECT_FALSE(parse_recovery_code(wrong)) << wrong;
    }
    EXPECT_NE(recovery_message(code, "a"), recovery_message(code, "b"));
}

}  // namespace
}  // namespace pgmind::security
