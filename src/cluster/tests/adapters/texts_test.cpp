// The adapters' texts: what they write for PostgreSQL, and what they read from it.
#include <gtest/gtest.h>

#include "cluster/adapters/manifest_file.hpp"
#include "cluster/adapters/migrations.hpp"
#include "cluster/adapters/postgres_programs.hpp"
#include "cluster/adapters/postgres_settings.hpp"
#include "cluster/adapters/postmaster_file.hpp"
#include "cluster/adapters/process_errors.hpp"
#include "cluster/api/errors.hpp"
#include "platform/process/errors.hpp"

namespace pgmind::cluster {
namespace {

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

TEST(ManifestFile, RoundTrips) {
    ClusterManifest manifest =
        new_manifest({3, 0, 8001}, 15, parse_time("2026-11-23T11:32:19.000123Z").value()).value();
    manifest.complete = true;
    EXPECT_EQ(manifest_from_json(to_json(manifest)).value(), manifest);
    manifest.attached = true;
    EXPECT_EQ(manifest_from_json(to_json(manifest)).value(), manifest);
}

TEST(ManifestFile, RefusesWhatIsNoManifest) {
    for (const char* text : {"", "[]", "{}", R"({"format":1})", "{\"format\":1,",
                             R"({"format":1,"cluster_id":"x","created":"x","postgres_major":15,)"
                             R"("shards":2,"coordinator_port":1,"shard_port":2})",
                             R"({"format":1,"cluster_id":"x","created":"2026-11-23T11:32:19Z",)"
                             R"("postgres_major":15,"shards":2,"coordinator_port":70000,)"
                             R"("shard_port":2})",
                             R"({"format":1,"cluster_id":"x","created":"2026-11-23T11:32:19Z",)"
                             R"("postgres_major":15,"shards":2,"coordinator_port":1,)"
                             R"("shard_port":2,"what":1})"}) {
        EXPECT_EQ(manifest_from_json(text).error().code, Errc::broken_state) << text;
    }
    EXPECT_EQ(manifest_from_json(R"({"format":2,"what":1})").value().format, 2);
}

TEST(PostmasterFile, GivesPidAndStatus) {
    const auto ready = parse_postmaster_file(
        "123\n/data\n1700000000\n7440\n/data/run\n127.0.0.1\n  1 2\nready   \n");
    ASSERT_TRUE(ready);
    EXPECT_EQ(ready->pid, 123);
    EXPECT_EQ(ready->status, "ready");
    EXPECT_EQ(parse_postmaster_file("123\n/data\n")->status, "");
    for (const char* text : {"", "x", "-5\n", "12x\n", "0\n", "99999999999999999999\n"}) {
        EXPECT_FALSE(parse_postmaster_file(text)) << text;
    }
}

TEST(PostgresVersion, IsTheMajorNumber) {
    EXPECT_EQ(major_from_version("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n"), 15);
    EXPECT_EQ(major_from_version("postgres (PostgreSQL) 17devel"), 17);
    EXPECT_EQ(major_from_version("postgres 15"), std::nullopt);
    EXPECT_EQ(major_from_version("postgres (PostgreSQL) x"), std::nullopt);
}

TEST(Reason, IsTheLineThatSaysWhy) {
    EXPECT_EQ(reason_in("LOG: a\nFATAL:  first\nFATAL:  last word\nLOG: bye\n"), "last word");
    EXPECT_EQ(reason_in("ok\ninitdb: error: no such locale\ninitdb: removing\n"), "no such locale");
    EXPECT_EQ(reason_in("one\nsomething else\n\n"), "something else");
    EXPECT_EQ(reason_in(""), "");
    EXPECT_EQ(from_output("doing", "PANIC:  x: No space left on device\n").code, Errc::disk_full);
    EXPECT_EQ(from_output("doing", "LOG: bind: Address already in use\nFATAL: y").code,
              Errc::port_in_use);
    EXPECT_EQ(from_output("doing it", "FATAL:  y").detail, "doing it: y");
}

TEST(ProcessErrors, KeepTheirMeaning) {
    EXPECT_EQ(from_process(process::system_error("write", ENOSPC)).code, Errc::disk_full);
    EXPECT_EQ(from_process(process::system_error("write", EACCES)).code, Errc::directory_unusable);
    EXPECT_EQ(from_process(process::system_error("write", EIO)).code, Errc::node_failed);
    EXPECT_EQ(from_process(Error(process::Errc::deadline_exceeded, "")).code,
              Errc::deadline_exceeded);
}

TEST(Settings, ShareTheMemory) {
    SettingsInput input{{"shard-1", NodeRole::shard, 7441}, 3, 16ULL << 30, 100, "/run", "/log"};
    EXPECT_TRUE(has(settings_text(input), "\nshared_buffers = 2048MB\n"));
    input.node = {"coordinator", NodeRole::coordinator, 7440};
    EXPECT_TRUE(has(settings_text(input), "\nshared_buffers = 256MB\n"));
    input.memory_bytes = 1ULL << 30;
    EXPECT_TRUE(has(settings_text(input), "\nshared_buffers = 32MB\n"));
    input.instances = 0;
    EXPECT_TRUE(has(settings_text(input), "\nport = 7440\n"));
    EXPECT_GT(memory_of_this_machine(), 64ULL << 20);
}

TEST(Settings, QuotePaths) {
    const SettingsInput input{
        {"shard-1", NodeRole::shard, 7441}, 3, 1ULL << 30, 100, "/it's\\here", "/log"};
    EXPECT_TRUE(has(settings_text(input), "unix_socket_directories = '/it''s\\\\here'\n"));
}

TEST(Migrations, OfTheClusterKeepToTheirNumbers) {
    for (const postgres::Migration& step : cluster_coordinator_migrations()) {
        EXPECT_LT(step.number, 100);
    }
    for (const postgres::Migration& step : cluster_shard_migrations()) {
        EXPECT_LT(step.number, 10);
    }
    EXPECT_TRUE(has(std::string(cluster_script("missing_roles.sql")), "pgmind_gateway"));
}

}  // namespace
}  // namespace pgmind::cluster
