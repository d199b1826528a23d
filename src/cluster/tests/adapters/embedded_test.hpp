#pragma once

#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "cluster/adapters/embedded_cluster.hpp"
#include "platform/postgres/session.hpp"
#include "platform/process/tests/temporary_directory.hpp"

namespace pgmind::cluster {

/// Clusters of real PostgreSQL instances in a directory of the test's own, on free ports.
class EmbeddedTest : public testing::Test {
  protected:
    EmbeddedOptions options(std::size_t shards = 1) const {
        EmbeddedOptions options;
        options.directory = directory_.path() / "data";
        options.request = {shards, 0, 0};
        options.product_version = "test";
        options.times.health_interval = std::chrono::milliseconds(50);
        // A busy machine may take its time; what a silent node means is tested with a fake.
        options.times.probe_timeout = std::chrono::seconds(60);
        options.times.restart.delay_min = std::chrono::milliseconds(20);
        return options;
    }

    static std::unique_ptr<RunningCluster> started(EmbeddedOptions options) {
        auto cluster = start_embedded_cluster(std::move(options), {});
        EXPECT_TRUE(cluster) << cluster.error().detail;
        return cluster ? std::move(*cluster) : nullptr;
    }

    /// The line that the operator sees.
    static std::string refusal(EmbeddedOptions options) {
        auto cluster = start_embedded_cluster(std::move(options), {});
        return cluster ? "it started" : cluster.error().detail;
    }

    /// The first value of a statement's answer; what went wrong, when it has none.
    static std::string ask(const Result<postgres::ConnectionOptions>& where, std::string sql);

    /// Waits until the condition holds; false after half a minute.
    template <class Condition>
    static bool eventually(Condition condition) {
        const Deadline deadline = Deadline::after(std::chrono::seconds(120));
        while (!condition()) {
            if (deadline.passed()) {
                return false;
            }
            std::this_thread::yield();
        }
        return true;
    }

    static pid_t postmaster_of(const RunningCluster& cluster, const std::string& node);
    const ShardId shard_{"shard-1"};

    process::TemporaryDirectory directory_{roomy_memory_directory()};

  private:
    /// These tests write much and keep nothing: in memory where there is enough of it.
    static std::filesystem::path roomy_memory_directory();
};

}  // namespace pgmind::cluster
