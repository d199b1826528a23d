// Second factors on a real coordinator, with real codes.
#include <atomic>
#include <thread>

#include "platform/crypto/crypto.hpp"
#include "security/adapters/second_factor_cryptography.hpp"
#include "security/tests/adapters/login_gateway.hpp"

namespace pgmind::security {
namespace {

using postgres::testing::TemporaryPostgres;
using testing::Coordinator;
using testing::LoginGateway;

constexpr const char* kPassword = "correct horse battery";

std::unique_ptr<SecondFactorCryptography> cryptography(char key) {
    return std::move(*make_second_factor_cryptography(std::string(32, key)));
}

// RFC 6238, appendix B, the rows of SHA-1.
TEST(SecondFactorCryptography, GivesTheCodesOfRfc6238) {
    const auto factors = cryptography('k');
    const std::vector<std::pair<std::int64_t, std::uint32_t>> vectors = {
        {59, 94287082},         {1111111109, 7081804},  {1111111111, 14050471},
        {1234567890, 89005924}, {2000000000, 69279037}, {20000000000, 65353130}};
    for (const auto& [seconds, code] : vectors) {
        const std::int64_t step = totp_step(WallTime(std::chrono::seconds(seconds)));
        const TotpMac mac = factors->mac("12345678901234567890", totp_message(step));
        EXPECT_EQ(totp_number(mac, 8), code) << seconds;
        EXPECT_EQ(totp_number(mac, 6), code % 1'000'000) << seconds;
    }
}

TEST(SecondFactorCryptography, WhatIsSealedOpensForItsOwnerUnderItsKeyAlone) {
    const auto factors = cryptography('k');
    const std::string secret = factors->random_bytes(kTotpSecretBytes);
    EXPECT_NE(secret, factors->random_bytes(kTotpSecretBytes));
    const PrincipalId ann("ann");
    std::string envelope = factors->seal(secret, ann);
    EXPECT_EQ(factors->open(envelope, ann).value_or(""), secret);
    EXPECT_FALSE(factors->open(envelope, PrincipalId("bob")));
    const auto other = cryptography('x')->open(envelope, ann);
    ASSERT_FALSE(other);
    EXPECT_NE(other.error().detail.find("is encrypted under key"), std::string::npos);
    envelope.back() = static_cast<char>(envelope.back() ^ 1);
    EXPECT_FALSE(factors->open(envelope, ann));
    EXPECT_FALSE(factors->open("", ann));
}

class SecondFactorStoreTest : public ::testing::Test {
  protected:
    void SetUp() override {
        first_.add("ann");
        ASSERT_TRUE(first_.set_password("ann", kPassword));
    }
    PrincipalSnapshot log_in_as_ann(const std::string& code) {
        const auto session = first_.log_in("ann", kPassword, code);
        EXPECT_TRUE(session) << session.error().detail;
        const auto principal = first_.present(session->token);
        EXPECT_TRUE(principal);
        return principal.value_or(nullptr);
    }
    SecondFactors& factors() { return first_.security->second_factors(); }
    void enrol() {
        const auto ann = log_in_as_ann("");
        const auto made = first_.run(factors().enrol(first_.asked(), ann, kPassword));
        ASSERT_TRUE(made) << made.error().detail;
        uri_ = made->uri;
        // As the app has it: what is in the database, opened with the key.
        const std::string hex = coordinator_.ask(
            "SELECT encode(envelope, 'hex')"
            " FROM pgmind.second_factors");
        secret_ = cryptography('k')->open(*crypto::from_hex(hex), ann->id).value_or("");
        ASSERT_EQ(to_base32(secret_), made->secret);
        const auto codes = first_.run(factors().confirm(first_.asked(), ann, code_of(0)));
        ASSERT_TRUE(codes) << codes.error().detail;
        recovery_codes_ = *codes;
    }
    std::string code_of(std::int64_t steps_later) const {
        const std::int64_t step = totp_step(system_clock().now()) + steps_later;
        const TotpMac mac = cryptography('k')->mac(secret_, totp_message(step));
        const std::string text = std::to_string(totp_number(mac, kTotpDigits));
        return std::string(kTotpDigits - text.size(), '0') + text;
    }
    // Of as many logins at once, through both gateways.
    int logins_with(const std::string& code) {
        std::atomic<int> succeeded = 0;
        const auto try_it = [&](LoginGateway& gateway) {
            for (int i = 0; i < 2; ++i) {
                succeeded += gateway.log_in("ann", kPassword, code) ? 1 : 0;
            }
        };
        std::thread other([&] { try_it(second_); });
        try_it(first_);
        other.join();
        return succeeded;
    }

    Coordinator coordinator_{TemporaryPostgres::instance()};
    LoginGateway first_{coordinator_};
    LoginGateway second_{coordinator_};
    std::string uri_;
    std::string secret_;
    std::vector<std::string> recovery_codes_;
};

TEST_F(SecondFactorStoreTest, ACodeIsGoodForOneLoginWhicheverGatewayItReaches) {
    enrol();
    EXPECT_EQ(logins_with(code_of(1)), 1);
    EXPECT_EQ(logins_with(recovery_codes_[3]), 1);
    EXPECT_EQ(coordinator_.ask("SELECT count(*) FROM pgmind.recovery_codes"
                               " WHERE used_at IS NOT NULL"),
              "1");
}

TEST_F(SecondFactorStoreTest, NeitherSecretNorRecoveryCodesAreInTheDatabase) {
    enrol();
    for (const char* table :
         {"pgmind.second_factors", "pgmind.recovery_codes", "pgmind_audit.records"}) {
        const std::string rows = coordinator_.ask(
            "SELECT coalesce(string_agg(t::text, E'\\n'), '') FROM " + std::string(table) + " t");
        const auto bytes = [](const std::string& text) {
            return std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
        };
        EXPECT_EQ(rows.find(crypto::to_hex(bytes(secret_))), std::string::npos) << table;
        EXPECT_EQ(rows.find(to_base32(secret_)), std::string::npos) << table;
        for (const std::string& code : recovery_codes_) {
            EXPECT_EQ(rows.find(code), std::string::npos) << table;
        }
    }
}

TEST_F(SecondFactorStoreTest, ConfirmingOneEndsOtherSessionsAndResettingAllOfThem) {
    const auto before = first_.log_in("ann", kPassword);
    ASSERT_TRUE(before);
    enrol();
    EXPECT_EQ(coordinator_.ask("SELECT count(*) FROM pgmind.sessions WHERE revoked_at IS NULL"),
              "1");
    EXPECT_FALSE(second_.present(before->token));
    const auto after = first_.log_in("ann", kPassword, code_of(1));
    ASSERT_TRUE(after);
    EXPECT_TRUE(after->details.second_factor);
    EXPECT_TRUE((*second_.present(after->token))->second_factor);
    ASSERT_TRUE(first_.run(factors().reset(first_.asked(), "ann")));
    EXPECT_EQ(coordinator_.ask("SELECT count(*) FROM pgmind.sessions WHERE revoked_at IS NULL"),
              "0");
    EXPECT_EQ(coordinator_.ask("SELECT count(*) FROM pgmind.recovery_codes"), "0");
    EXPECT_TRUE(first_.log_in("ann", kPassword));
}

TEST_F(SecondFactorStoreTest, EndingItTakesACodeThatWasNotUsed) {
    enrol();
    const std::string used = code_of(1);
    const auto ann = log_in_as_ann(used);
    const auto disable = [&](const std::string& code) {
        return first_.run(
            factors().disable(first_.asked(), ann, SecondFactorProof{kPassword, code}));
    };
    EXPECT_FALSE(disable(used));
    const auto renewed = first_.run(factors().renew_recovery_codes(
        first_.asked(), ann, SecondFactorProof{kPassword, recovery_codes_[0]}));
    ASSERT_TRUE(renewed) << renewed.error().detail;
    EXPECT_FALSE(disable(recovery_codes_[1]));
    EXPECT_TRUE(disable(renewed->front()));
    EXPECT_EQ(coordinator_.ask("SELECT count(*) FROM pgmind.second_factors"), "0");
    EXPECT_EQ(coordinator_.ask("SELECT string_agg(action, ' ' ORDER BY sequence)"
                               " FROM pgmind_audit.records WHERE action LIKE 'second_factor.%'"
                               " AND decision = 'allow'"),
              "second_factor.enrol second_factor.confirm second_factor.renew_codes"
              " second_factor.disable");
}

TEST_F(SecondFactorStoreTest, AnEnvelopeThatIsMovedToAnotherPrincipalOpensNothing) {
    enrol();
    first_.add("eve");
    ASSERT_TRUE(first_.set_password("eve", kPassword));
    coordinator_.ask(
        "INSERT INTO pgmind.second_factors SELECT p.principal_id, f.envelope, now(), now(), 0"
        " FROM pgmind.principals p, pgmind.second_factors f WHERE p.name = 'eve'");
    const auto refused = first_.log_in("eve", kPassword, code_of(1));
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().is(Failure::internal));
}

}  // namespace
}  // namespace pgmind::security
