#include <gtest/gtest.h>

#include "security/api/errors.hpp"
#include "security/tests/app/harness.hpp"

namespace pgmind::security {
namespace {

using testing::Harness;

constexpr const char* kName = "uri:spiffe://example.org/indexer";

class CertificateTest : public ::testing::Test {
  protected:
    CertificateTest() {
        test_.add("indexer", {{Role::app_user, "docs-*"}});
        details().kind = PrincipalKind::service;
        test_.refresh();
    }
    PrincipalDetails& details() { return test_.directory_store.contents.principals.back(); }
    Result<PrincipalSnapshot> show(std::vector<std::string> names, std::chrono::seconds left,
                                   std::string api_key = "") {
        Credentials credentials{std::move(api_key)};
        credentials.certificate = {std::move(names), system_clock().now() + left};
        return test_.run(service_.authenticate(test_.request, std::move(credentials)));
    }
    std::string reason() {
        return test_.audit_store.records.empty() ? "" : test_.audit_store.records.back().reason;
    }

    Harness test_;
    SecurityService service_{test_.parts({{kName, "indexer"}})};
};

TEST_F(CertificateTest, StandsForTheServiceThatItIsMappedTo) {
    const auto principal = show({"dns:other", kName}, std::chrono::seconds(60));
    ASSERT_TRUE(principal);
    EXPECT_EQ((*principal)->name, "indexer");
    EXPECT_TRUE(service_.may(**principal, Action::write, {ResourceType::memory, "docs-1"}));
    EXPECT_FALSE(service_.may(**principal, Action::write, {ResourceType::memory, "other"}));
    details().disabled = true;
    test_.refresh();
    EXPECT_FALSE(service_.may(**principal, Action::write, {ResourceType::memory, "docs-1"}));
}

TEST_F(CertificateTest, IsRefusedWithOneAnswerAndTheReasonInTheAuditLog) {
    const std::chrono::seconds minute(60);
    EXPECT_EQ(show({"dns:indexer"}, minute).error().code, make_error_code(Errc::unauthenticated));
    EXPECT_EQ(reason(), "certificate of nobody");
    EXPECT_EQ(test_.audit_store.records.back().resource_type, "certificate");
    EXPECT_FALSE(show({}, minute));
    EXPECT_EQ(reason(), "certificate of nobody");
    EXPECT_FALSE(show({kName}, std::chrono::seconds(-1)));
    EXPECT_EQ(reason(), "certificate expired");
    details().disabled = true;
    test_.refresh();
    EXPECT_FALSE(show({kName}, minute));
    EXPECT_EQ(reason(), "principal disabled");
    details().kind = PrincipalKind::user;
    test_.refresh();
    EXPECT_FALSE(show({kName}, minute));
    EXPECT_EQ(reason(), "certificates are for services");
}

TEST_F(CertificateTest, AKeyThatIsSentAsWellDecides) {
    EXPECT_FALSE(show({kName}, std::chrono::seconds(60), "pgm_wrong"));
    EXPECT_EQ(reason(), "malformed key");
}

TEST_F(CertificateTest, MappingsAreRead) {
    const auto mapping = CertificateMapping::parse("uri:spiffe://a=b/c=indexer");
    ASSERT_TRUE(mapping);
    EXPECT_EQ(mapping->certificate_name, "uri:spiffe://a=b/c");
    EXPECT_EQ(mapping->principal_name, "indexer");
    for (const std::string_view text :
         {"", "indexer", "dns:a", "dns:=a", "ip:a=b", "cn:a=", "cn:a=B"}) {
        EXPECT_FALSE(CertificateMapping::parse(text)) << text;
    }
}

// Somebody outside, as a provider's token says.
class StubIdentities final : public ExternalIdentities {
  public:
    ExternalVerdict check(std::string_view, WallTime, SteadyTime) const override { return verdict; }
    Task<void> renew_keys(std::string, Deadline) override {
        ++renewals;
        verdict = after_renewal;
        co_return;
    }
    Task<void> run() override { co_return; }
    void stop() override {}

    ExternalVerdict verdict;
    ExternalVerdict after_renewal;
    int renewals = 0;
};

class TokenTest : public ::testing::Test {
  protected:
    static ExternalVerdict alice(WallTime valid_until) {
        Principal principal{PrincipalId("outside"),
                            "corp:alice",
                            PrincipalKind::user,
                            {{Role::app_user, "docs-*"}},
                            ""};
        principal.provider = "corp";
        principal.valid_until = valid_until;
        return {std::make_shared<const Principal>(principal), "corp"};
    }
    Result<PrincipalSnapshot> show() {
        return test_.run(service_.authenticate(test_.request, Credentials{"a.b.c"}));
    }

    Harness test_;
    StubIdentities identities_;
    SecurityService service_{test_.parts({}, &identities_)};
    const WallTime soon_ = system_clock().now() + std::chrono::seconds(60);
};

TEST_F(TokenTest, ItsPrincipalHasTheGrantsOfTheTokenUntilItEnds) {
    test_.add("admin", {{Role::admin, "*"}});
    identities_.verdict = alice(soon_);
    const auto principal = show();
    ASSERT_TRUE(principal);
    EXPECT_EQ(identities_.renewals, 0);
    EXPECT_TRUE(service_.may(**principal, Action::write, {ResourceType::memory, "docs-1"}));
    EXPECT_FALSE(service_.may(**principal, Action::write, {ResourceType::memory, "other"}));
    EXPECT_FALSE(service_.may(**principal, Action::admin, {ResourceType::principals, ""}));
    const auto ended = alice(system_clock().now() - std::chrono::seconds(1)).principal;
    EXPECT_FALSE(service_.may(*ended, Action::write, {ResourceType::memory, "docs-1"}));
}

TEST_F(TokenTest, AnUnknownKeyIsAskedForOnce) {
    test_.refresh();
    identities_.verdict = {nullptr, "corp", "unknown key of the provider", true};
    identities_.after_renewal = alice(soon_);
    EXPECT_TRUE(show());
    identities_.verdict = {nullptr, "corp", "unknown key of the provider", true};
    identities_.after_renewal = identities_.verdict;
    EXPECT_EQ(show().error().code, make_error_code(Errc::unauthenticated));
    EXPECT_EQ(identities_.renewals, 2);
    EXPECT_EQ(test_.audit_store.records.back().resource_type, "token");
    EXPECT_EQ(test_.audit_store.records.back().resource, "corp");
    EXPECT_EQ(test_.audit_store.records.back().reason, "unknown key of the provider");
}

TEST_F(TokenTest, WithoutKeysNothingIsSaidAboutIt) {
    test_.refresh();
    identities_.verdict = {nullptr, "corp", "no keys of the provider", false, true};
    identities_.after_renewal = identities_.verdict;
    EXPECT_EQ(show().error().code, make_error_code(Errc::provider_unreachable));
}

}  // namespace
}  // namespace pgmind::security
