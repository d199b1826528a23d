#include "platform/postgres/connection_services.hpp"

#include <gtest/gtest.h>

namespace pgmind::postgres {
namespace {

std::string refusal(std::string_view text) {
    const auto services = read_connection_services(text);
    return services ? "it was read" : services.error().detail;
}

TEST(ConnectionServicesTest, ReadsSectionsInOrder) {
    const auto services = read_connection_services(
        "# two servers\n[first]\nhost=a.example\nport=6432\nuser=admin\nsslmode=verify-full\n"
        "passfile=/etc/pass\nconnect_timeout=3\n\n[second]\r\nhost=b.example\r\noptions=-c "
        "x=y\r\n");
    ASSERT_TRUE(services) << services.error().detail;
    ASSERT_EQ(services->size(), 2U);
    const ConnectionOptions& first = services->at(0).options;
    EXPECT_EQ(services->at(0).name, "first");
    EXPECT_EQ(first.host, "a.example");
    EXPECT_EQ(first.port, 6432);
    EXPECT_EQ(first.user, "admin");
    EXPECT_EQ(first.sslmode, "verify-full");
    EXPECT_EQ(first.connect_timeout, std::chrono::seconds(3));
    EXPECT_EQ(first.others.size(), 1U);
    const ConnectionOptions& second = services->at(1).options;
    EXPECT_EQ(second.host, "b.example");
    EXPECT_EQ(second.port, 5432);
    ASSERT_EQ(second.others.size(), 1U);
    EXPECT_EQ(second.others[0].second, "-c x=y");
}

TEST(ConnectionServicesTest, SaysWhichLineIsWrong) {
    EXPECT_EQ(refusal("host=a"), "line 1: stands before the first [section]");
    EXPECT_EQ(refusal("[a]\nhost"), "line 2: not of the form keyword=value");
    EXPECT_EQ(refusal("[a]\nhostt=b"), "line 2: libpq's keyword \"hostt\" is not offered here");
    EXPECT_EQ(refusal("[a]\nservice=b"), "line 2: libpq's keyword \"service\" is not offered here");
    EXPECT_EQ(refusal("[a]\nport=70000"), "line 2: a port is 1 to 65535");
    EXPECT_EQ(refusal("[a]\nport=0"), "line 2: a port is 1 to 65535");
    EXPECT_EQ(refusal("[a]\nconnect_timeout=0"),
              "line 2: connect_timeout is a number of seconds, at least 1");
    EXPECT_EQ(refusal("[a]\nhost=b,c"), "line 2: each section names one host");
    EXPECT_EQ(refusal("[a]\n[a]"), "line 2: there is a section [a] already");
    EXPECT_EQ(refusal("[a"), "line 1: not of the form [section]");
}

}  // namespace
}  // namespace pgmind::postgres
