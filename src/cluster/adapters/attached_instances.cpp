#include "cluster/adapters/attached_instances.hpp"

#include "async/notifier.hpp"
#include "cluster/api/errors.hpp"
#include "platform/postgres/session.hpp"

namespace pgmind::cluster {
namespace {

using postgres::Parameters;
using postgres::Session;

constexpr int kMajorOldest = 15;
constexpr const char* kLook =
    "SELECT current_setting('server_version_num')::integer / 10000, pg_is_in_recovery()";

class AttachedInstances final : public Instances {
  public:
    AttachedInstances(Executor executor, std::shared_ptr<const NodeConnections> connections)
        : connections_(std::move(connections)), let_go_(executor) {}

    // The servers have what they have: start() looks at each.
    Task<Result<int>> find_programs(std::optional<int>, Deadline deadline) override {
        Node coordinator;
        coordinator.name = "coordinator";
        auto major = co_await look(std::move(coordinator), deadline);
        co_return major;
    }
    Task<Result<void>> stop_orphan(Node, Deadline) override { co_return Result<void>(); }
    Task<Result<void>> remove_leftovers(Node) override { co_return Result<void>(); }

    Result<Node> reserve_port(const Node& node) override {
        const Result<postgres::ConnectionOptions> options = connections_->to_maintenance(node);
        if (!options) {
            return fail(options.error());
        }
        Node at = node;
        at.host = options->host;
        at.port = options->port;
        return at;
    }

    Task<Result<void>> initialise(Node, Deadline) override { co_return Result<void>(); }

    Task<Result<void>> start(Node node, Deadline deadline) override {
        const auto major = co_await look(std::move(node), deadline);
        co_return major ? Result<void>() : fail(major.error());
    }

    Task<std::string> wait_for_end(Node) override {
        while (!cancelled_) {
            co_await let_go_.wait();
        }
        co_return "is not looked after any more";
    }

    Task<void> stop(Node, Deadline) override {
        cancel();
        co_return;
    }

    void cancel() override {
        cancelled_ = true;
        let_go_.notify_all();
    }

    void maintain(const Node&) override {}

    Result<WallTime> renew_certificate(const Node& node, bool) override {
        return fail(Errc::not_offered,
                    "the certificate of " + node.name + " is made by whoever runs that server");
    }

  private:
    // Gives the major version.
    Task<Result<int>> look(Node node, Deadline deadline) {
        if (cancelled_) {
            co_return fail(Errc::cancelled, "the start was cancelled");
        }
        auto options = connections_->to_maintenance(node);
        if (!options) {
            co_return fail(std::move(options.error()));
        }
        auto session = co_await Session::connect(std::move(*options), deadline);
        if (!session) {
            co_return fail(Errc::node_failed, node.name + ": " + session.error().detail);
        }
        const auto rows = co_await session->query(kLook, Parameters(), deadline);
        if (!rows) {
            co_return fail(Errc::node_failed, node.name + ": " + rows.error().detail);
        }
        const int major = static_cast<int>(rows->int64(0, 0));
        if (major < kMajorOldest) {
            co_return fail(Errc::version_mismatch, node.name + ": its server is PostgreSQL " +
                                                       std::to_string(major) + ": pgmind needs " +
                                                       std::to_string(kMajorOldest) + " or newer");
        }
        if (rows->boolean(0, 1)) {
            co_return fail(Errc::node_failed,
                           node.name + ": its server is a standby: name the primary");
        }
        co_return major;
    }

    std::shared_ptr<const NodeConnections> connections_;
    async::Notifier let_go_;
    bool cancelled_ = false;
};

}  // namespace

std::unique_ptr<Instances> make_attached_instances(
    Executor executor, std::shared_ptr<const NodeConnections> connections) {
    return std::make_unique<AttachedInstances>(executor, std::move(connections));
}

}  // namespace pgmind::cluster
