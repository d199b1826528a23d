#include "platform/crypto/hmac_sha1.hpp"

#include <gtest/gtest.h>

#include "platform/crypto/crypto.hpp"

namespace pgmind::crypto {
namespace {

// RFC 2202, section 3: cases 1, 2, 6.
TEST(HmacSha1, GivesWhatRfc2202Says) {
    EXPECT_EQ(to_hex(hmac_sha1(std::string(20, '\x0b'), "Hi There")),
              "b617318655057264e28bc0b6fb378c8ef146be00");
    EXPECT_EQ(to_hex(hmac_sha1("Jefe", "what do ya want for nothing?")),
              "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    EXPECT_EQ(to_hex(hmac_sha1(std::string(80, '\xaa'),
                               "Test Using Larger Than Block-Size Key - Hash Key First")),
              "aa4ae5e15272d00e95705637ce8a3b55ed402112");
}

}  // namespace
}  // namespace pgmind::crypto
