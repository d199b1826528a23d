#include "memory/adapters/make_memory.hpp"

#include <span>

#include "base/embedded_file.hpp"
#include "memory/adapters/acl_cluster.hpp"
#include "memory/adapters/postgres_bulk.hpp"
#include "memory/adapters/postgres_entries.hpp"
#include "memory/adapters/postgres_namespaces.hpp"
#include "memory/adapters/postgres_sealing.hpp"
#include "memory/app/memory_service.hpp"
#include "memory/app/sealed_storage.hpp"

namespace pgmind {

std::span<const EmbeddedFile> embedded_memory_shard_migrations();

namespace memory {
namespace {

/// The adapters, made before the service that uses them. The last two only with encryption.
struct Adapters {
    std::unique_ptr<EntryStorage> entries;
    std::unique_ptr<NamespaceStorage> namespaces;
    std::unique_ptr<BulkStorage> bulk;
    std::unique_ptr<SealingStorage> sealing;
    std::unique_ptr<ShardRouter> router;
    std::unique_ptr<EntryStorage> sealed_entries;
    std::unique_ptr<BulkStorage> sealed_bulk;

    Adapters(postgres::PoolDirectory& pools, const cluster::Cluster& cluster,
             security::Encryption* encryption)
        : entries(make_postgres_entries(pools)),
          namespaces(make_postgres_namespaces(pools)),
          bulk(make_postgres_bulk(pools)),
          sealing(make_postgres_sealing(pools)),
          router(make_cluster_router(cluster)) {
        if (encryption != nullptr) {
            sealed_entries = std::make_unique<SealedEntries>(*entries, *encryption);
            sealed_bulk = std::make_unique<SealedBulk>(*bulk, *encryption);
        }
    }
};

/// The service together with its adapters, so that both end together.
class OwningMemory final : private Adapters, public MemoryService {
  public:
    OwningMemory(Adapters adapters, intelligence::Intelligence& intelligence,
                 security::Encryption* encryption, async::EventBus& events)
        : Adapters(std::move(adapters)),
          MemoryService(MemoryPorts{sealed_entries ? *sealed_entries : *entries, *namespaces,
                                    sealed_bulk ? *sealed_bulk : *bulk, *router, intelligence,
                                    events, system_clock(), sealing.get(), encryption}) {}
};

}  // namespace

std::vector<postgres::Migration> memory_shard_migrations() {
    return postgres::migrations_from(embedded_memory_shard_migrations());
}

std::unique_ptr<Memory> make_memory(postgres::PoolDirectory& pools, const cluster::Cluster& cluster,
                                    intelligence::Intelligence& intelligence,
                                    security::Encryption& encryption, async::EventBus& events) {
    Adapters adapters(pools, cluster, &encryption);
    return std::make_unique<OwningMemory>(std::move(adapters), intelligence, &encryption, events);
}

std::unique_ptr<Memory> make_memory(postgres::PoolDirectory& pools, const cluster::Cluster& cluster,
                                    intelligence::Intelligence& intelligence,
                                    async::EventBus& events) {
    Adapters adapters(pools, cluster, nullptr);
    return std::make_unique<OwningMemory>(std::move(adapters), intelligence, nullptr, events);
}

}  // namespace memory
}  // namespace pgmind
