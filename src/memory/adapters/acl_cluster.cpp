#include "memory/adapters/acl_cluster.hpp"

namespace pgmind::memory {
namespace {

class ClusterRouter final : public ShardRouter {
  public:
    explicit ClusterRouter(const cluster::Cluster& cluster) : cluster_(cluster) {}

    ShardId shard_of(std::string_view namespace_name) const override {
        return cluster_.shard_map()->shard_of(namespace_name);
    }
    std::size_t slot_of(std::string_view namespace_name) const override {
        return cluster::slot_of(namespace_name);
    }
    std::vector<ShardId> shards() const override { return cluster_.shard_map()->shards(); }

  private:
    const cluster::Cluster& cluster_;
};

}  // namespace

std::unique_ptr<ShardRouter> make_cluster_router(const cluster::Cluster& cluster) {
    return std::make_unique<ClusterRouter>(cluster);
}

}  // namespace pgmind::memory
