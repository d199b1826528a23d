#include "security/domain/session_token.hpp"

#include <gtest/gtest.h>

namespace pgmind::security {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const std::string kId(kSessionIdLength, 'a');
const std::string kSecret(kKeySecretLength, '_');

TEST(SessionToken, IsReadBackAsItWasWritten) {
    const std::string token = format_session_token(kId, kSecret);
    EXPECT_EQ(token.size(), kSessionTokenLength);
    const auto parts = parse_session_token(token);
    ASSERT_TRUE(parts);
    EXPECT_EQ(parts->session_id, kId);
    EXPECT_EQ(parts->secret, kSecret);
}

TEST(SessionToken, HasOneFormOnly) {
    const std::string token = format_session_token(kId, kSecret);
    std::string upper = token;
    upper[5] = 'A';
    std::string foreign = token;
    foreign.back() = '+';
    std::string separator = token;
    separator[kSessionPrefix.size() + kSessionIdLength] = '-';
    const std::vector<std::string> refused = {"",
                                              "pgs_",
                                              "pgm_" + token.substr(4),
                                              token + "x",
                                              token.substr(0, token.size() - 1),
                                              upper,
                                              foreign,
                                              separator,
                                              " " + token};
    for (const std::string& text : refused) {
        EXPECT_FALSE(parse_session_token(text)) << text;
    }
}

TEST(SessionToken, IsNeverAnApiKeyAndSharesNoMessageWithOne) {
    EXPECT_FALSE(parse_api_key(format_session_token(kId, kSecret)));
    EXPECT_NE(session_message(kId, kSecret, "p"), key_message(kId, kSecret, "p"));
}

TEST(SessionToken, CarriesATagOfItsSeed) {
    KeyDigest digest{};
    digest[0] = 0x01;
    digest[7] = 0xfe;
    EXPECT_EQ(session_id_of("0123456789abcdef", digest), "0123456789abcdef01000000000000fe");
}

TEST(Session, EndsByRevocationAgeAndIdleness) {
    const WallTime begin{};
    SessionDetails session;
    session.created_at = begin;
    session.last_used_at = begin;
    session.expires_at = begin + hours(12);
    const SessionRules rules;
    EXPECT_EQ(unusable_reason(session, rules, begin + minutes(29)), "");
    EXPECT_EQ(unusable_reason(session, rules, begin + minutes(30)), "session idle for too long");
    session.last_used_at = begin + hours(12) - minutes(1);
    EXPECT_EQ(unusable_reason(session, rules, begin + hours(12) - minutes(1)), "");
    EXPECT_EQ(unusable_reason(session, rules, begin + hours(12)), "session expired")
        << "however much it is used";
    session.revoked_at = begin;
    EXPECT_EQ(unusable_reason(session, rules, begin + minutes(1)), "session revoked");
}

}  // namespace
}  // namespace pgmind::security
