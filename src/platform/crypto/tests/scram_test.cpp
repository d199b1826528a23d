#include "platform/crypto/scram.hpp"

#include <gtest/gtest.h>

namespace pgmind::crypto {
namespace {

// The exchange of RFC 7677 section 3 gives its salt; the two keys are what a server needs to take
// the proof and to make the signature that stand there.
TEST(Scram, IsThatOfTheRfc) {
    const std::uint8_t salt[] = {0x5b, 0x6d, 0x99, 0x68, 0x9d, 0x12, 0x35, 0x8e,
                                 0xec, 0xa0, 0x4b, 0x14, 0x12, 0x36, 0xfa, 0x81};
    EXPECT_EQ(scram_verifier("pencil", salt, 4'096),
              "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
              "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
              "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=");
}

TEST(Scram, EachHasASaltOfItsOwn) {
    EXPECT_NE(scram_verifier("pencil"), scram_verifier("pencil"));
}

}  // namespace
}  // namespace pgmind::crypto
