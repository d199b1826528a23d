#include "cluster/app/start_cluster.hpp"

#include <utility>

#include "async/when_all.hpp"
#include "cluster/api/errors.hpp"

namespace pgmind::cluster {
namespace {

constexpr std::chrono::seconds kStopAfterFailure{10};

// What happened first is most often a consequence of the stop when it says "cancelled".
Result<void> first_failure(const std::vector<Result<void>>& results) {
    const Error* first = nullptr;
    for (const Result<void>& result : results) {
        if (!result && (first == nullptr || first->code == Errc::cancelled)) {
            first = &result.error();
        }
    }
    return first == nullptr ? Result<void>() : fail(*first);
}

Task<Result<void>> stop_one(Instances& instances, Node node, Deadline deadline) {
    co_await instances.stop(std::move(node), deadline);
    co_return Result<void>();
}

// Claims the directory and decides what the cluster is.
Task<Result<ClusterManifest>> plan(const StartPorts& ports, ClusterRequest request,
                                   Deadline deadline) {
    Result<std::optional<ClusterManifest>> existing = ports.directory.claim();
    if (!existing) {
        co_return fail(std::move(existing.error()));
    }
    Result<ClusterManifest> manifest = *existing ? reconciled_manifest(**existing, request)
                                                 : new_manifest(request, 0, ports.clock.now());
    if (!manifest) {
        co_return fail(std::move(manifest.error()));
    }
    const auto major = *existing ? std::optional(manifest->postgres_major) : std::nullopt;
    Result<int> found = co_await ports.instances.find_programs(major, deadline);
    if (!found) {
        co_return fail(std::move(found.error()));
    }
    manifest->postgres_major = *found;
    Result<void> checked = ports.directory.check(*manifest);
    if (!checked) {
        co_return fail(std::move(checked.error()));
    }
    co_return std::move(*manifest);
}

Task<Result<void>> stop_orphans(const StartPorts& ports, std::vector<Node> nodes,
                                Deadline deadline) {
    std::vector<Task<Result<void>>> stops;
    stops.reserve(nodes.size());
    for (const Node& node : nodes) {
        stops.push_back(ports.instances.stop_orphan(node, deadline));
    }
    const auto results = co_await async::when_all(std::move(stops));
    co_return first_failure(results);
}

// They cost room on the disk and stand in nobody's way: a cluster starts with them too.
Task<void> remove_leftovers(const StartPorts& ports, std::vector<Node> nodes) {
    for (const Node& node : nodes) {
        const Result<void> removed = co_await ports.instances.remove_leftovers(node);
        if (!removed) {
            ports.journal.warning(node.name, removed.error().detail);
        }
    }
}

Result<std::vector<Node>> reserve_ports(const StartPorts& ports, const std::vector<Node>& nodes) {
    std::vector<Node> reserved;
    for (const Node& node : nodes) {
        Result<Node> with_port = ports.instances.reserve_port(node);
        if (!with_port) {
            return fail(std::move(with_port.error()));
        }
        reserved.push_back(std::move(*with_port));
    }
    return reserved;
}

Task<Result<DatabaseVectors>> bring_up(const StartPorts& ports, Node node, std::string cluster_id,
                                       Deadline deadline) {
    Result<void> done = co_await ports.instances.initialise(node, deadline);
    if (done) {
        done = co_await ports.instances.start(node, deadline);
    }
    if (!done) {
        co_return fail(std::move(done.error()));
    }
    ports.journal.info(node.name, "runs on port " + std::to_string(node.port));
    auto vectors = co_await ports.catalog.install(node, std::move(cluster_id), deadline);
    co_return vectors;
}

/// What the databases are found to be.
struct BroughtUp {
    ShardMap map;
    std::map<std::string, DatabaseVectors> vectors;
};

// Nodes are independent of each other until all of them run.
Task<Result<BroughtUp>> bring_up_all(const StartPorts& ports, std::vector<Node> nodes,
                                     std::string cluster_id, Deadline deadline) {
    std::vector<Task<Result<DatabaseVectors>>> starts;
    starts.reserve(nodes.size());
    for (const Node& node : nodes) {
        starts.push_back(bring_up(ports, node, cluster_id, deadline));
    }
    auto results = co_await async::when_all(std::move(starts));
    std::vector<Result<void>> outcomes;
    std::map<std::string, DatabaseVectors> vectors;
    for (std::size_t i = 0; i < results.size(); ++i) {
        outcomes.push_back(results[i] ? Result<void>() : fail(results[i].error()));
        if (results[i] && nodes[i].role == NodeRole::shard) {
            vectors.emplace(nodes[i].name, std::move(*results[i]));
        }
    }
    Result<void> done = first_failure(outcomes);
    if (!done) {
        co_return fail(std::move(done.error()));
    }
    const std::vector<Node> shards(nodes.begin() + 1, nodes.end());
    Result<ShardMap> map = co_await ports.catalog.register_shards(nodes.front(), shards, deadline);
    if (!map) {
        co_return fail(std::move(map.error()));
    }
    co_return BroughtUp{std::move(*map), std::move(vectors)};
}

// Everything from the first change on disk; the caller stops what runs if it fails.
Task<Result<BroughtUp>> make_and_start(const StartPorts& ports, ClusterManifest& manifest,
                                       std::vector<Node> nodes, Deadline deadline) {
    Result<void> prepared = ports.directory.prepare(manifest);
    if (!prepared) {
        co_return fail(std::move(prepared.error()));
    }
    co_await remove_leftovers(ports, nodes);
    auto brought_up = co_await bring_up_all(ports, nodes, manifest.cluster_id, deadline);
    if (!brought_up) {
        co_return brought_up;
    }
    if (!manifest.complete) {
        manifest.complete = true;
        Result<void> marked = ports.directory.mark_complete(manifest);
        if (!marked) {
            co_return fail(std::move(marked.error()));
        }
    }
    co_return brought_up;
}

}  // namespace

Task<void> stop_nodes(Instances& instances, std::vector<Node> nodes, Deadline deadline) {
    std::vector<Task<Result<void>>> stops;
    stops.reserve(nodes.size());
    for (const Node& node : nodes) {
        stops.push_back(stop_one(instances, node, deadline));
    }
    co_await async::when_all(std::move(stops));
}

Task<Result<StartedCluster>> start_cluster(const StartPorts& ports, ClusterRequest request,
                                           Deadline deadline) {
    Result<ClusterManifest> manifest = co_await plan(ports, request, deadline);
    if (!manifest) {
        co_return fail(std::move(manifest.error()));
    }
    const std::vector<Node> planned = manifest->nodes();
    Result<void> stopped = co_await stop_orphans(ports, planned, deadline);
    if (!stopped) {
        co_return fail(std::move(stopped.error()));
    }
    // After the orphans, which may hold the ports.
    Result<std::vector<Node>> nodes = reserve_ports(ports, planned);
    if (!nodes) {
        co_return fail(std::move(nodes.error()));
    }
    auto brought_up = co_await make_and_start(ports, *manifest, *nodes, deadline);
    if (!brought_up) {
        const Deadline patience = Deadline::after(kStopAfterFailure);
        co_await stop_nodes(ports.instances, *nodes, patience);
        co_return fail(std::move(brought_up.error()));
    }
    co_return StartedCluster{std::move(*manifest), std::move(*nodes), std::move(brought_up->map),
                             std::move(brought_up->vectors)};
}

}  // namespace pgmind::cluster
