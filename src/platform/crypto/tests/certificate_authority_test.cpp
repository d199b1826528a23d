#include "platform/crypto/certificate_authority.hpp"

#include <gtest/gtest.h>

namespace pgmind::crypto {
namespace {

using std::chrono::hours;

CertificateAuthority authority() {
    return std::move(CertificateAuthority::make("test authority", hours(24)).value());
}

CertificateRequest request_for(std::vector<std::string> names,
                               std::vector<std::string> addresses = {}) {
    return {"a server", std::move(names), std::move(addresses), hours(1), false};
}

TEST(CertificateAuthority, IssuesWhatItKnowsAgain) {
    const CertificateAuthority own = authority();
    const CertificateAuthority other = authority();
    const auto issued = own.issue(request_for({"localhost"}, {"127.0.0.1", "::1"}));
    ASSERT_TRUE(issued) << issued.error().detail;
    EXPECT_TRUE(issued->certificate.starts_with("-----BEGIN CERTIFICATE-----"));
    EXPECT_TRUE(issued->key.starts_with("-----BEGIN PRIVATE KEY-----"));
    EXPECT_TRUE(own.issued(issued->certificate));
    EXPECT_FALSE(other.issued(issued->certificate));
    EXPECT_FALSE(own.issued("no certificate"));
    const auto again = own.issue(request_for({"localhost"}));
    EXPECT_NE(again->key, issued->key);
    EXPECT_TRUE(go_together(issued->certificate, issued->key));
    EXPECT_FALSE(go_together(issued->certificate, again->key));
    EXPECT_FALSE(go_together(issued->certificate, ""));
}

TEST(CertificateAuthority, IsReadFromItsTexts) {
    const CertificateAuthority made = authority();
    const auto read = CertificateAuthority::read(made.certificate(), made.key());
    ASSERT_TRUE(read) << read.error().detail;
    const auto issued = read->issue(request_for({"localhost"}));
    EXPECT_TRUE(made.issued(issued->certificate));
    EXPECT_FALSE(CertificateAuthority::read(made.certificate(), authority().key()));
    EXPECT_FALSE(CertificateAuthority::read("", made.key()));
    EXPECT_FALSE(CertificateAuthority::read(made.certificate(), ""));
    // A server's certificate makes no authority.
    EXPECT_FALSE(CertificateAuthority::read(issued->certificate, issued->key));
}

TEST(CertificateAuthority, RefusesNamesThatCannotBe) {
    const CertificateAuthority own = authority();
    for (const char* name : {"", "a,DNS:evil.example", "a b", "a\nb", "URI:x"}) {
        const auto issued = own.issue(request_for({name}));
        ASSERT_FALSE(issued) << name;
        EXPECT_EQ(issued.error().field, "dns_names");
    }
    EXPECT_EQ(own.issue(request_for({}, {"127.0.0.1,IP:1.1.1.1"})).error().field, "addresses");
    EXPECT_EQ(own.issue(request_for({})).error().field, "dns_names");
    EXPECT_EQ(own.issue(request_for(std::vector<std::string>(33, "a"))).error().field, "dns_names");
    auto unnamed = request_for({"a"});
    unnamed.common_name = std::string(65, 'a');
    EXPECT_EQ(own.issue(unnamed).error().field, "common_name");
    auto ended = request_for({"a"});
    ended.lifetime = {};
    EXPECT_EQ(own.issue(ended).error().field, "lifetime");
}

TEST(CertificateAuthority, SaysWhenACertificateEnds) {
    const auto issued = authority().issue(request_for({"a"}));
    const auto end = end_of_certificate(issued->certificate);
    ASSERT_TRUE(end);
    const auto left = *end - system_clock().now();
    EXPECT_GT(left, std::chrono::minutes(59));
    EXPECT_LE(left, hours(1));
    EXPECT_FALSE(end_of_certificate("no certificate"));
}

}  // namespace
}  // namespace pgmind::crypto
