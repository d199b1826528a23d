#include "cluster/domain/cluster_manifest.hpp"

#include <limits>

#include "base/ids.hpp"
#include "cluster/api/errors.hpp"

namespace pgmind::cluster {
namespace {

Result<void> check_ports(const ClusterManifest& manifest) {
    const std::size_t last = manifest.shard_port + manifest.shards - 1;
    if (manifest.shard_port == 0) {
        return {};
    }
    if (last > std::numeric_limits<std::uint16_t>::max()) {
        return fail(Errc::invalid_request,
                    "the ports of " + std::to_string(manifest.shards) + " shards, from " +
                        std::to_string(manifest.shard_port) + " on, go beyond 65535",
                    "shard_port");
    }
    if (manifest.coordinator_port >= manifest.shard_port && manifest.coordinator_port <= last) {
        return fail(Errc::invalid_request,
                    "port " + std::to_string(manifest.coordinator_port) +
                        " would be the coordinator's and a shard's: choose another",
                    "coordinator_port");
    }
    return {};
}

void apply_ports(ClusterManifest& manifest, const ClusterRequest& request) {
    manifest.coordinator_port = request.coordinator_port.value_or(manifest.coordinator_port);
    manifest.shard_port = request.shard_port.value_or(manifest.shard_port);
}

}  // namespace

std::vector<Node> ClusterManifest::nodes() const {
    std::vector<Node> all{{"coordinator", NodeRole::coordinator, coordinator_port}};
    for (std::size_t i = 0; i < shards; ++i) {
        const std::size_t port = shard_port == 0 ? 0 : shard_port + i;
        all.push_back(
            {"shard-" + std::to_string(i + 1), NodeRole::shard, static_cast<std::uint16_t>(port)});
    }
    return all;
}

Result<ClusterManifest> new_manifest(const ClusterRequest& request, int postgres_major,
                                     WallTime now) {
    ClusterManifest manifest;
    manifest.cluster_id = new_uuid();
    manifest.created = now;
    manifest.postgres_major = postgres_major;
    manifest.shards = request.shards.value_or(kShardsDefault);
    if (manifest.shards < 1 || manifest.shards > kShardsMax) {
        return fail(Errc::invalid_request,
                    "a cluster has 1 to " + std::to_string(kShardsMax) + " shards, not " +
                        std::to_string(manifest.shards),
                    "shards");
    }
    manifest.attached = request.attached;
    apply_ports(manifest, request);
    const Result<void> ports = check_ports(manifest);
    if (!ports) {
        return fail(ports.error());
    }
    return manifest;
}

Result<ClusterManifest> reconciled_manifest(ClusterManifest existing,
                                            const ClusterRequest& request) {
    if (existing.format > ClusterManifest::kFormat) {
        return fail(Errc::version_mismatch,
                    "the data directory has format " + std::to_string(existing.format) +
                        ", this pgmind knows formats up to " +
                        std::to_string(ClusterManifest::kFormat) + ": use a newer pgmind");
    }
    if (existing.format < 1 || existing.shards < 1 || existing.shards > kShardsMax) {
        return fail(Errc::broken_state, "the data directory's pgmind.json makes no sense");
    }
    if (request.attached != existing.attached) {
        return fail(Errc::invalid_request,
                    existing.attached
                        ? "the data directory belongs to a cluster that others run: name its "
                          "servers (pgmind up --attach FILE), or another data directory"
                        : "the data directory holds a cluster of its own: to attach to servers "
                          "that others run, name another data directory",
                    "data");
    }
    if (request.shards && *request.shards != existing.shards) {
        return fail(Errc::invalid_request,
                    "the data directory has " + std::to_string(existing.shards) + " shards, not " +
                        std::to_string(*request.shards) +
                        ": adding or removing shards is not offered yet",
                    "shards");
    }
    apply_ports(existing, request);
    const Result<void> ports = check_ports(existing);
    if (!ports) {
        return fail(ports.error());
    }
    return existing;
}

}  // namespace pgmind::cluster
