#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "async/notifier.hpp"
#include "cluster/api/errors.hpp"
#include "cluster/app/ports.hpp"

namespace pgmind::cluster {

/// What was called, in order: "start shard-1". Shared by the fakes of a test.
using Calls = std::vector<std::string>;

/// Fails the calls that a test names.
class Faults {
  public:
    void fail_at(const std::string& call, Errc code = Errc::node_failed) { faults_[call] = code; }
    void heal(const std::string& call) { faults_.erase(call); }
    Result<void> check(const std::string& call) const {
        const auto found = faults_.find(call);
        return found == faults_.end() ? Result<void>() : fail(found->second, "fault at " + call);
    }

  private:
    std::map<std::string, Errc> faults_;
};

class FakeDirectory final : public DataDirectory {
  public:
    FakeDirectory(Calls& calls, Faults& faults) : calls_(calls), faults_(faults) {}

    Result<std::optional<ClusterManifest>> claim() override {
        const Result<void> done = note("claim");
        return done ? Result<std::optional<ClusterManifest>>(manifest) : fail(done.error());
    }
    Result<void> check(const ClusterManifest&) override { return note("check"); }
    Result<void> prepare(const ClusterManifest& written) override {
        manifest = written;
        return note("prepare");
    }
    Result<void> mark_complete(const ClusterManifest& written) override {
        manifest = written;
        return note("mark complete");
    }

    std::optional<ClusterManifest> manifest;

  private:
    Result<void> note(const std::string& call) {
        calls_.push_back(call);
        return faults_.check(call);
    }
    Calls& calls_;
    Faults& faults_;
};

/// Instances that run until a test ends them.
class FakeInstances final : public Instances {
  public:
    FakeInstances(Executor executor, Calls& calls, Faults& faults)
        : changed_(executor), calls_(calls), faults_(faults) {}

    Task<Result<int>> find_programs(std::optional<int> major, Deadline) override {
        const Result<void> done = note("find programs");
        if (!done) {
            co_return fail(done.error());
        }
        co_return major.value_or(15);
    }
    Task<Result<void>> stop_orphan(Node node, Deadline) override {
        co_return note("stop orphan " + node.name);
    }
    Task<Result<void>> remove_leftovers(Node node) override {
        co_return note("remove leftovers " + node.name);
    }
    Result<Node> reserve_port(const Node& node) override {
        const Result<void> done = note("reserve " + node.name);
        if (!done) {
            return fail(done.error());
        }
        Node reserved = node;
        reserved.port = node.port == 0 ? 50'000 : node.port;
        return reserved;
    }
    Task<Result<void>> initialise(Node node, Deadline) override {
        co_return note("initialise " + node.name);
    }
    Task<Result<void>> start(Node node, Deadline) override {
        const Result<void> done = note("start " + node.name);
        if (done) {
            running.insert(node.name);
        }
        co_return done;
    }
    Task<std::string> wait_for_end(Node node) override {
        while (running.contains(node.name)) {
            co_await changed_.wait();
        }
        co_return "exited with code 1";
    }
    Task<void> stop(Node node, Deadline) override {
        calls_.push_back("stop " + node.name);
        end(node.name);
        co_return;
    }
    void cancel() override { calls_.push_back("cancel"); }
    void maintain(const Node&) override {}
    Result<WallTime> renew_certificate(const Node&, bool) override { return WallTime::max(); }

    void end(const std::string& node) {
        running.erase(node);
        changed_.notify_all();
    }

    std::set<std::string> running;

  private:
    Result<void> note(const std::string& call) {
        calls_.push_back(call);
        return faults_.check(call);
    }
    async::Notifier changed_;
    Calls& calls_;
    Faults& faults_;
};

class FakeCatalog final : public Catalog {
  public:
    FakeCatalog(Calls& calls, Faults& faults) : calls_(calls), faults_(faults) {}

    Task<Result<DatabaseVectors>> install(Node node, std::string, Deadline) override {
        calls_.push_back("install " + node.name);
        const Result<void> done = faults_.check(calls_.back());
        if (!done) {
            co_return fail(done.error());
        }
        co_return DatabaseVectors{{"project", VectorExtension::pgvector}};
    }
    Task<Result<ShardMap>> register_shards(Node, std::vector<Node> shards, Deadline) override {
        calls_.push_back("register shards");
        const Result<void> done = faults_.check(calls_.back());
        if (!done) {
            co_return fail(done.error());
        }
        std::vector<ShardId> ids;
        for (const Node& shard : shards) {
            ids.emplace_back(shard.name);
        }
        co_return even_shard_map(std::move(ids));
    }
    Task<Result<ShardMap>> load_shard_map(Node, Deadline) override {
        calls_.push_back("load shard map");
        const Result<void> done = faults_.check(calls_.back());
        if (!done) {
            co_return fail(done.error());
        }
        co_return ShardMap(newest_version, {ShardId("shard-1")}, {});
    }

    std::int64_t newest_version = 1;

  private:
    Calls& calls_;
    Faults& faults_;
};

class FakeProbe final : public Probe {
  public:
    explicit FakeProbe(Faults& faults) : faults_(faults) {}

    Task<Result<NodeFacts>> ask(Node node, Deadline) override {
        const Result<void> done = faults_.check("ask " + node.name);
        ++asked;
        if (!done) {
            co_return fail(done.error());
        }
        co_return facts;
    }

    NodeFacts facts;
    int asked = 0;

  private:
    Faults& faults_;
};

class FakeJournal final : public Journal {
  public:
    void info(const std::string& node, const std::string& sentence) override {
        lines.push_back(node + " " + sentence);
    }
    void warning(const std::string& node, const std::string& sentence) override {
        info(node, sentence);
    }
    void error(const std::string& node, const std::string& sentence) override {
        info(node, sentence);
    }

    std::vector<std::string> lines;
};

}  // namespace pgmind::cluster
