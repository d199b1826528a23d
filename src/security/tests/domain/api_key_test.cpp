#include "security/domain/api_key.hpp"

#include <set>

#include <gtest/gtest.h>

namespace pgmind::security {
namespace {

const std::string kId = "0123456789abcdef";
const std::string kSecret = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJ_-01234";

TEST(ApiKey, HasOneForm) {
    ASSERT_EQ(kSecret.size(), kKeySecretLength);
    const std::string key = format_api_key(kId, kSecret);
    EXPECT_EQ(key, "pgm_" + kId + "_" + kSecret);
    EXPECT_EQ(key.size(), 64u);
    const auto parts = parse_api_key(key);
    ASSERT_TRUE(parts.has_value());
    EXPECT_EQ(parts->key_id, kId);
    EXPECT_EQ(parts->secret, kSecret);
}

TEST(ApiKey, RefusesEveryOtherForm) {
    const std::string key = format_api_key(kId, kSecret);
    std::vector<std::string> wrong = {"",
                                      "pgm_",
                                      key + "x",
                                      key.substr(1),
                                      " " + key,
                                      key + "\n",
                                      std::string(64, '\0'),
                                      std::string(100'000, 'a')};
    for (std::size_t i = 0; i < key.size(); ++i) {
        wrong.push_back(key.substr(0, i));
        for (const char c : {'\0', ' ', '=', '+', '\xc3', '.'}) {
            std::string changed = key;
            changed[i] = c;
            wrong.push_back(changed);
        }
    }
    std::string upper = key;
    upper[10] = 'A';
    wrong.push_back(upper);
    for (const std::string& text : wrong) {
        EXPECT_FALSE(parse_api_key(text).has_value()) << text.substr(0, 80);
    }
}

TEST(ApiKey, MessageTellsKeysAndPrincipalsApart) {
    std::set<std::string> messages;
    for (const std::string& id : {kId, std::string(16, '1')}) {
        for (const std::string& secret : {kSecret, std::string(43, 'a')}) {
            for (const char* principal : {"", "p", "q"}) {
                EXPECT_TRUE(messages.insert(key_message(id, secret, principal)).second);
            }
        }
    }
}

}  // namespace
}  // namespace pgmind::security
