// Tokens that are signed here, with keys that a server publishes.
#include <atomic>

#include <gtest/gtest.h>

#include "async/workers.hpp"
#include "platform/crypto/signing_key.hpp"
#include "platform/http/server.hpp"
#include "security/adapters/acl_oidc.hpp"
#include "security/adapters/sodium_key_cryptography.hpp"

namespace pgmind::security {
namespace {

using crypto::to_base64url;

crypto::SigningKey key_of(char fill) {
    return std::move(crypto::SigningKey::from_seed(std::string(32, fill)).value());
}

std::string jwk_of(const crypto::SigningKey& key, const std::string& id) {
    return R"({"kty":"OKP","crv":"Ed25519","kid":")" + id + R"(","x":")" +
           to_base64url(key.public_key()) + R"("})";
}

std::string sign(const crypto::SigningKey& key, const std::string& id, const std::string& payload,
                 const std::string& type = "at+jwt") {
    const std::string header = R"({"alg":"EdDSA","kid":")" + id + R"(","typ":")" + type + R"("})";
    std::string text = to_base64url(header) + "." + to_base64url(payload);
    return text + "." + to_base64url(key.sign(text));
}

std::string payload_of(const std::string& more = R"("aud":"pgmind","roles":["agent"])") {
    const auto now =
        std::chrono::duration_cast<std::chrono::seconds>(system_clock().now().time_since_epoch())
            .count();
    return R"({"iss":"https://id.example","sub":"17","iat":)" + std::to_string(now) + R"(,"exp":)" +
           std::to_string(now + 60) + R"(,"team":{"spaces":["a-*"]},)" + more + "}";
}

// A server that publishes keys, and identities that fetch them from it.
class OidcTest : public testing::Test {
  protected:
    void SetUp() override {
        server_ =
            std::make_unique<http::Server>(workers_, http::ServerOptions{}, [this](std::size_t) {
                return [this](http::Exchange& exchange) -> Task<void> { return answer(exchange); };
            });
        ASSERT_TRUE(server_->start());
        workers_.start();
        cryptography_ = std::move(make_key_cryptography(std::string(32, 'k')).value());
    }
    void TearDown() override {
        identities_.reset();
        async::block_on(workers_.executor(0),
                        server_->drain(Deadline::after(std::chrono::seconds(5))));
        workers_.stop();
        workers_.join();
    }

    Task<void> answer(http::Exchange& exchange) {
        ++fetches_;
        http::Response response;
        response.status = status_;
        response.body = R"({"keys":[)" + keys_ + "]}";
        static_cast<void>(co_await exchange.respond(std::move(response)));
    }

    OidcProvider provider() {
        OidcProvider provider;
        provider.rules.name = "corp";
        provider.rules.issuer = "https://id.example";
        provider.rules.audience = "pgmind";
        provider.rules.roles = {{"agent", Role::mcp_user, ""}};
        provider.namespace_claim = "team.spaces";
        provider.plain_http = true;
        provider.keys_url = "http://127.0.0.1:" + std::to_string(server_->port()) + "/keys?x=1";
        provider.key_cooldown = std::chrono::seconds(0);
        return provider;
    }
    void begin(OidcProvider provider) {
        auto made = make_oidc_identities({std::move(provider)}, loop_, blocking_, *cryptography_);
        ASSERT_TRUE(made) << made.error().detail;
        identities_ = std::move(*made);
    }
    void renew() {
        async::run_blocking_loop(
            loop_, identities_->renew_keys("corp", Deadline::after(std::chrono::seconds(5))));
    }
    ExternalVerdict check(const std::string& token, std::chrono::seconds later = {}) {
        return identities_->check(token, system_clock().now() + later,
                                  system_clock().steady_now() + later);
    }

    std::string keys_;  // Set while no request is under way.
    std::atomic<unsigned> status_{200};
    std::atomic<int> fetches_{0};
    boost::asio::io_context loop_{1};
    async::BlockingPool blocking_{1, 8};
    async::Workers workers_{1};
    std::unique_ptr<http::Server> server_;
    std::unique_ptr<KeyCryptography> cryptography_;
    std::unique_ptr<ExternalIdentities> identities_;
};

TEST_F(OidcTest, ATokenIsTakenOnceItsKeyIsFetched) {
    const auto key = key_of('a');
    keys_ = jwk_of(key, "one");
    begin(provider());
    const std::string token = sign(key, "one", payload_of());
    EXPECT_TRUE(check(token).keys_stale);
    renew();
    const ExternalVerdict verdict = check(token);
    ASSERT_NE(verdict.principal, nullptr) << verdict.reason;
    EXPECT_EQ(verdict.principal->name, "corp:17");
    EXPECT_TRUE(is_uuid(verdict.principal->id.value()));
    EXPECT_EQ(verdict.principal->grants, (std::vector<Grant>{{Role::mcp_user, "a-*"}}));
    EXPECT_EQ(check(sign(key, "one", payload_of())).principal->id, verdict.principal->id);
}

TEST_F(OidcTest, ForgedAndForeignTokensAreRefused) {
    const auto key = key_of('a');
    keys_ = jwk_of(key, "one");
    begin(provider());
    renew();
    EXPECT_EQ(check(sign(key_of('b'), "one", payload_of())).reason, "wrong signature");
    EXPECT_EQ(check(sign(key, "one", payload_of(R"("aud":"other")"))).reason, "wrong audience");
    EXPECT_EQ(check(sign(key, "one", payload_of(), "JWT")).reason, "wrong type of token");
    EXPECT_EQ(check(sign(key, "one", payload_of(R"("aud":"pgmind","roles":[7])"))).reason,
              "malformed claims");
    EXPECT_EQ(check(sign(key, "one", R"({"iss":"https://evil.example"})")).reason,
              "unknown issuer");
    EXPECT_EQ(check(sign(key, "one", R"({"iss":["https://id.example"]})")).reason,
              "unknown issuer");
    EXPECT_EQ(check("a.b.c").reason, "malformed token");
    EXPECT_EQ(check(sign(key, "one", payload_of()), std::chrono::seconds(120)).reason,
              "token expired");
    EXPECT_EQ(check(sign(key, "one", payload_of() + std::string(9'000, ' '))).reason,
              "malformed token");
}

TEST_F(OidcTest, RotatedKeysAreFoundAndWithdrawnOnesForgotten) {
    const auto first = key_of('a');
    const auto second = key_of('b');
    keys_ = jwk_of(first, "one");
    begin(provider());
    renew();
    const std::string old_token = sign(first, "one", payload_of());
    EXPECT_NE(check(old_token).principal, nullptr);
    keys_ = jwk_of(second, "two");
    const std::string token = sign(second, "two", payload_of());
    EXPECT_TRUE(check(token).key_unknown);
    renew();
    EXPECT_NE(check(token).principal, nullptr);
    EXPECT_EQ(check(old_token).principal, nullptr);
}

// A token that was believed is not checked again, but everything else about it is.
TEST_F(OidcTest, WhatIsRememberedOfATokenIsForgottenWithItsKey) {
    const auto first = key_of('a');
    const auto second = key_of('b');
    keys_ = jwk_of(first, "one");
    begin(provider());
    renew();
    const std::string token = sign(first, "one", payload_of());
    EXPECT_NE(check(token).principal, nullptr);
    EXPECT_NE(check(token).principal, nullptr);
    EXPECT_EQ(check(token, std::chrono::seconds(120)).reason, "token expired");
    std::string changed = token;
    changed.back() = changed.back() == 'A' ? 'Q' : 'A';
    EXPECT_EQ(check(changed).principal, nullptr);
    // The same key id with another key: the provider has changed its mind.
    keys_ = jwk_of(second, "one");
    renew();
    EXPECT_EQ(check(token).reason, "wrong signature");
    keys_ = jwk_of(first, "one");
    renew();
    EXPECT_NE(check(token).principal, nullptr);
}

TEST_F(OidcTest, InventedKeysCauseOneFetchInACooldown) {
    keys_ = jwk_of(key_of('a'), "one");
    OidcProvider slow = provider();
    slow.key_cooldown = std::chrono::seconds(60);
    begin(slow);
    for (int i = 0; i < 20; ++i) {
        renew();
    }
    EXPECT_EQ(fetches_, 1);
}

TEST_F(OidcTest, KeysThatCannotBeConfirmedAreBelievedForAWhile) {
    const auto key = key_of('a');
    keys_ = jwk_of(key, "one");
    OidcProvider brief = provider();
    brief.key_age_max = std::chrono::seconds(20);
    begin(brief);
    renew();
    const std::string token = sign(key, "one", payload_of());
    for (const unsigned status : {500u, 302u}) {
        status_ = status;
        keys_ = jwk_of(key_of('b'), "one");
        renew();
        EXPECT_NE(check(token).principal, nullptr) << status;
    }
    status_ = 200;
    keys_ = R"({"kty":"oct","k":"AAAA"})";
    renew();
    EXPECT_NE(check(token).principal, nullptr);
    keys_ = std::string(70'000, ' ');
    renew();
    EXPECT_NE(check(token).principal, nullptr);
    EXPECT_TRUE(check(token, std::chrono::seconds(30)).keys_stale);
    EXPECT_EQ(fetches_, 5);
}

TEST_F(OidcTest, KeysComeFromPinnedPlacesOnly) {
    for (const std::string url :
         {"http://id.example/keys", "http://127.0.0.1.evil.example/keys", "ftp://127.0.0.1/", "",
          "http://127.0.0.1@evil.example/", "https://a@evil.example/", "//id.example/"}) {
        OidcProvider wrong = provider();
        wrong.keys_url = url;
        EXPECT_FALSE(validate_providers({wrong})) << url;
    }
    OidcProvider strict = provider();
    strict.plain_http = false;
    EXPECT_FALSE(validate_providers({strict}));
    strict.keys_url = "https://id.example/keys";
    EXPECT_TRUE(validate_providers({strict}));
    EXPECT_FALSE(validate_providers({strict, strict}));
}

}  // namespace
}  // namespace pgmind::security
