#include <sys/stat.h>

#include "cluster/api/errors.hpp"
#include "cluster/tests/adapters/embedded_test.hpp"
#include "platform/process/files.hpp"

namespace pgmind::cluster {
namespace {

using std::chrono::seconds;

mode_t mode_of(const std::filesystem::path& path) {
    struct stat facts{};
    EXPECT_EQ(::stat(path.c_str(), &facts), 0) << path;
    return facts.st_mode & 07777;
}

class StartTest : public EmbeddedTest {
  protected:
    std::string as_gateway(const RunningCluster& cluster, std::string sql) {
        return ask(cluster.shard_connection(shard_, "project", Role::gateway), std::move(sql));
    }
    std::string as_owner(const RunningCluster& cluster, std::string sql) {
        return ask(cluster.shard_connection(shard_, "project", Role::migrator), std::move(sql));
    }
};

TEST_F(StartTest, FirstStartMakesACompleteCluster) {
    EmbeddedOptions wanted = options(2);
    wanted.connections_max = 123;
    const auto cluster = started(wanted);
    ASSERT_TRUE(cluster);
    const ClusterStatus status = cluster->cluster().status();
    EXPECT_TRUE(status.ready) << status.problem;
    EXPECT_EQ(cluster->cluster().not_ready_reason(), "");
    EXPECT_EQ(status.product_version, "test");
    EXPECT_EQ(status.map_version, 1);
    ASSERT_EQ(status.nodes.size(), 3U);
    for (const NodeStatus& node : status.nodes) {
        EXPECT_TRUE(node.healthy) << node.name << " " << node.problem;
        EXPECT_EQ(node.slots, node.role == "shard" ? kSlotCount / 2 : 0U);
        EXPECT_EQ(node.schema_version, node.role == "shard" ? "1" : "2");
        EXPECT_FALSE(node.server_version.empty());
        EXPECT_GT(node.bytes, 0);
    }
    const ShardMapSnapshot map = cluster->cluster().shard_map();
    ASSERT_EQ(map->shards().size(), 2U);
    EXPECT_EQ(ask(cluster->coordinator_connection(Role::gateway),
                  "SELECT count(*) FROM pgmind.shard_map"),
              "4096");
    for (const ShardId& shard : map->shards()) {
        for (const char* database : {"project", "shared"}) {
            EXPECT_EQ(ask(cluster->shard_connection(shard, database, Role::gateway),
                          "SELECT name || ' ' || '[1,2]'::ruvector FROM pgmind.node"),
                      shard.value() + " [1,2]");
        }
    }
    EXPECT_FALSE(cluster->shard_connection(ShardId("shard-3"), "project", Role::gateway));
    EXPECT_EQ(as_gateway(*cluster, "SHOW max_connections"), "123");
}

TEST_F(StartTest, KeepsItsFilesPrivate) {
    const auto cluster = started(options());
    ASSERT_TRUE(cluster);
    const auto& directory = cluster->directory();
    for (const char* name : {"secrets", "run", "log", "coordinator", "shard-1"}) {
        EXPECT_EQ(mode_of(directory / name), 0700U) << name;
    }
    for (const auto& entry : std::filesystem::directory_iterator(cluster->secrets_directory())) {
        EXPECT_EQ(mode_of(entry.path()), 0600U) << entry.path();
    }
    EXPECT_EQ(mode_of(directory / "log" / "coordinator.log"), 0600U);
    EXPECT_EQ(cluster->api_key_hmac().value().size(), 32U);
    for (const auto& entry : std::filesystem::directory_iterator(directory / "run")) {
        EXPECT_TRUE(entry.path().filename().string().starts_with(".s.PGSQL.")) << entry.path();
    }
}

TEST_F(StartTest, RolesMayOnlyDoWhatTheyMust) {
    const auto cluster = started(options());
    ASSERT_TRUE(cluster);
    EXPECT_EQ(as_owner(*cluster, "SELECT current_user || ' ' || session_user"),
              "pgmind_owner pgmind_migrator");
    EXPECT_EQ(as_gateway(*cluster,
                         "SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication "
                         "FROM pg_roles WHERE rolname = current_user"),
              "f");
    for (const char* forbidden :
         {"CREATE TABLE pgmind.x ()", "CREATE TABLE public.x ()", "DROP TABLE pgmind.node",
          "UPDATE pgmind.node SET name = 'x'", "CREATE SCHEMA x", "SET ROLE pgmind_owner",
          "COPY pgmind.node TO '/dev/null'"}) {
        EXPECT_TRUE(as_gateway(*cluster, forbidden).starts_with("error: ")) << forbidden;
    }
    auto over_tcp = cluster->shard_connection(shard_, "project", Role::superuser);
    EXPECT_EQ(ask(over_tcp, "SELECT current_user"), "postgres");
    over_tcp->host = "127.0.0.1";
    EXPECT_NE(ask(over_tcp, "SELECT 1").find("rejects"), std::string::npos);
    auto wrong = cluster->shard_connection(shard_, "project", Role::gateway);
    wrong->password_file.clear();
    wrong->password = "wrong";
    EXPECT_NE(ask(wrong, "SELECT 1").find("authentication failed"), std::string::npos);
    const std::string log =
        process::read_file(cluster->directory() / "log" / "shard-1.log", 1 << 20).value();
    EXPECT_EQ(log.find("PASSWORD"), std::string::npos);
}

TEST_F(StartTest, SecondStartFindsItsData) {
    EmbeddedOptions again = options();
    again.request = {};
    std::string cluster_id;
    {
        const auto cluster = started(options());
        ASSERT_TRUE(cluster);
        as_owner(*cluster, "CREATE TABLE pgmind.kept AS SELECT 'still here' AS text");
        cluster_id = as_owner(*cluster, "SELECT cluster_id FROM pgmind.node");
        cluster->stop(Deadline::after(seconds(30)));
    }
    EXPECT_FALSE(std::filesystem::exists(again.directory / "coordinator" / "postmaster.pid"));
    const auto cluster = started(again);
    ASSERT_TRUE(cluster);
    EXPECT_EQ(as_owner(*cluster, "SELECT text FROM pgmind.kept"), "still here");
    EXPECT_EQ(as_owner(*cluster, "SELECT cluster_id FROM pgmind.node"), cluster_id);
    EXPECT_EQ(cluster->cluster().shard_map()->version(), 1);
    EXPECT_EQ(ask(cluster->coordinator_connection(Role::monitor), "SELECT port FROM pgmind.shards"),
              std::to_string(cluster->nodes()[1].port));
    const auto log = cluster->directory() / "log" / "shard-1.log";
    EXPECT_EQ(process::read_file(log, 1 << 20)->find("not properly shut down"), std::string::npos);
}

TEST_F(StartTest, AppliesTheMigrationsOfTheOthers) {
    EmbeddedOptions with_more = options();
    with_more.coordinator_migrations = {{300, "more", "CREATE TABLE pgmind.more ()"}};
    with_more.shard_migrations = {{100, "first", "CREATE TABLE pgmind.first ()"},
                                  {101, "second", "CREATE TABLE pgmind.second ()"}};
    const auto cluster = started(with_more);
    ASSERT_TRUE(cluster);
    EXPECT_EQ(cluster->cluster().status().nodes[0].schema_version, "300");
    EXPECT_EQ(cluster->cluster().status().nodes[1].schema_version, "101");
    EXPECT_EQ(as_gateway(*cluster, "SELECT tableowner FROM pg_tables WHERE tablename = 'second'"),
              "pgmind_owner");
}

TEST_F(StartTest, AFailedMigrationStopsEverythingAndTheNextStartGoesOn) {
    EmbeddedOptions broken = options();
    broken.shard_migrations = {{100, "broken", "CREATE TABLE pgmind.broken (x no_such_type)"}};
    const std::string line = refusal(broken);
    EXPECT_NE(line.find("shard-1: migration 100 (broken)"), std::string::npos) << line;
    EXPECT_EQ(line.find('\n'), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(broken.directory / "shard-1" / "postmaster.pid"));
    EXPECT_TRUE(started(options()));
}

TEST_F(StartTest, ACancelledStartLeavesNothingRunningAndCanBeRepeated) {
    for (const int after_ms : {0, 100, 600, 1200}) {
        std::stop_source source;
        std::thread canceller([&source, after_ms] {
            const Deadline when = Deadline::after(std::chrono::milliseconds(after_ms));
            while (!when.passed()) {
                std::this_thread::yield();
            }
            source.request_stop();
        });
        const auto cluster = start_embedded_cluster(options(), source.get_token());
        canceller.join();
        if (!cluster) {
            EXPECT_TRUE(cluster.error().is(Failure::unavailable)) << cluster.error().detail;
        }
        for (const char* node : {"coordinator", "shard-1"}) {
            EXPECT_TRUE(cluster || !std::filesystem::exists(directory_.path() / "data" / node /
                                                            "postmaster.pid"));
        }
    }
    EXPECT_TRUE(started(options()));
}

}  // namespace
}  // namespace pgmind::cluster
