#include "cluster/domain/node_layout.hpp"

#include <gtest/gtest.h>

#include "cluster/api/errors.hpp"

namespace pgmind::cluster {
namespace {

TEST(NodeLayout, NamesWhatIsInTheDirectory) {
    const NodeLayout layout("/data");
    EXPECT_EQ(layout.manifest_file(), "/data/pgmind.json");
    EXPECT_EQ(layout.data_directory("shard-1"), "/data/shard-1");
    EXPECT_EQ(layout.unfinished_directory("shard-1", "7"), "/data/shard-1.unfinished-7");
    EXPECT_EQ(layout.socket_file(7440), "/data/run/.s.PGSQL.7440");
    EXPECT_EQ(layout.secret_file("postgres.password"), "/data/secrets/postgres.password");
}

TEST(NodeLayout, RefusesAPathTooLongForASocket) {
    // "/run/.s.PGSQL.65535" is 19 bytes of the 107.
    const std::string fits(87, 'x');
    EXPECT_TRUE(NodeLayout("/" + fits).check_socket_length());
    const auto refused = NodeLayout("/" + fits + "yz").check_socket_length();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::directory_unusable);
    EXPECT_NE(refused.error().detail.find("2 bytes too long"), std::string::npos);
}

TEST(DefaultDirectory, FollowsUserAndEnvironment) {
    EXPECT_EQ(default_directory(true, "/xdg", "/root").value(), "/var/lib/pgmind");
    EXPECT_EQ(default_directory(false, "/xdg", "/users/a").value(), "/xdg/pgmind");
    EXPECT_EQ(default_directory(false, "relative", "/users/a").value(),
              "/users/a/.local/share/pgmind");
    EXPECT_EQ(default_directory(false, {}, "/users/a").value(), "/users/a/.local/share/pgmind");
    EXPECT_EQ(default_directory(false, {}, {}).error().field, "data");
}

}  // namespace
}  // namespace pgmind::cluster
