#include "memory/adapters/make_memory.hpp"

#include <span>

#include "base/embedded_file.hpp"
#include "memory/adapters/acl_cluster.hpp"
#include "memory/adapters/postgres_bulk.hpp"
#include "memory/adapters/postgres_entries.hpp"
#include "memory/adapters/postgres_namespaces.hpp"
#include "memory/app/memory_service.hpp"

namespace pgmind {

std::span<const EmbeddedFile> embedded_memory_shard_migrations();

namespace memory {
namespace {

/// The adapters, made before the service that uses them.
struct Adapters {
    std::unique_ptr<EntryStorage> entries;
    std::unique_ptr<NamespaceStorage> namespaces;
    std::unique_ptr<BulkStorage> bulk;
    std::unique_ptr<ShardRouter> router;
};

/// The service together with its adapters, so that both end together.
class OwningMemory final : private Adapters, public MemoryService {
  public:
    OwningMemory(Adapters adapters, intelligence::Intelligence& intelligence,
                 async::EventBus& events)
        : Adapters(std::move(adapters)),
          MemoryService(MemoryPorts{*entries, *namespaces, *bulk, *router, intelligence, events,
                                    system_clock()}) {}
};

}  // namespace

std::vector<postgres::Migration> memory_shard_migrations() {
    return postgres::migrations_from(embedded_memory_shard_migrations());
}

std::unique_ptr<Memory> make_memory(postgres::PoolDirectory& pools, const cluster::Cluster& cluster,
                                    intelligence::Intelligence& intelligence,
                                    async::EventBus& events) {
    Adapters adapters{make_postgres_entries(pools), make_postgres_namespaces(pools),
                      make_postgres_bulk(pools), make_cluster_router(cluster)};
    return std::make_unique<OwningMemory>(std::move(adapters), intelligence, events);
}

}  // namespace memory
}  // namespace pgmind
