#pragma once

#include <vector>

#include "async/event_bus.hpp"
#include "intelligence/api/intelligence.hpp"
#include "memory/api/memory.hpp"
#include "memory/app/ports.hpp"
#include "security/api/encryption.hpp"

namespace pgmind::memory {

/// What the service works with. All of it outlives the service and belongs to the same worker (the
/// bus to all).
struct MemoryPorts {
    EntryStorage& entries;
    NamespaceStorage& namespaces;
    BulkStorage& bulk;
    const ShardRouter& router;
    intelligence::Intelligence& intelligence;
    async::EventBus& events;
    const Clock& clock;
    /// Both null where no namespace can be encrypted; `entries` and `bulk` seal and open then.
    SealingStorage* sealing = nullptr;
    security::Encryption* encryption = nullptr;
};

/// The use cases of the Memory context; each stands in the file named after it. Holds no state of
/// its own. One per worker, on its loop.
class MemoryService : public Memory {
  public:
    explicit MemoryService(MemoryPorts ports) : ports_(ports) {}

    Task<Result<StoreResult>> store(const RequestContext& request, StoreRequest entry) override;
    Task<Result<Entry>> retrieve(const RequestContext& request, EntryAddress address,
                                 bool with_embedding) override;
    Task<Result<void>> remove(const RequestContext& request, DeleteRequest target) override;
    Task<Result<EntryPage>> list(const RequestContext& request, ListRequest query) override;
    Task<Result<SearchResult>> search(const RequestContext& request, SearchRequest query) override;
    Task<Result<ImportProgress>> import_entries(const RequestContext& request,
                                                ImportOptions options, EntrySource source,
                                                ProgressSink progress) override;
    Task<Result<std::int64_t>> export_entries(const RequestContext& request, Scope scope,
                                              std::string namespace_name, NamespaceAccess access,
                                              EntrySink sink) override;
    Task<Result<Namespace>> create_namespace(const RequestContext& request,
                                             NamespaceRequest namespace_request) override;
    Task<Result<NamespaceStatistics>> namespace_statistics(const RequestContext& request,
                                                           Scope scope, std::string name) override;
    Task<Result<NamespacePage>> list_namespaces(const RequestContext& request,
                                                NamespaceListRequest query) override;
    Task<Result<std::int64_t>> remove_namespace(const RequestContext& request, Scope scope,
                                                std::string name) override;
    Task<Result<std::int64_t>> sweep_expired(const RequestContext& request) override;
    Task<Result<std::int64_t>> rotate_namespace_key(const RequestContext& request, Scope scope,
                                                    std::string name) override;
    Task<Result<std::int64_t>> shred_namespace(const RequestContext& request, Scope scope,
                                               std::string name) override;

  private:
    /// Makes sure that values of the namespace, which exists, are encrypted.
    Task<Result<void>> encrypt_namespace(const RequestContext& request, const Place& place,
                                         const std::string& name);

    /// The place of a namespace; `scope` is project or shared.
    Place place_of(std::string_view namespace_name, Scope scope) const {
        return Place{ports_.router.shard_of(namespace_name), scope};
    }

    /// Fills in where a namespace is.
    void locate(Namespace& details, const Place& place) const {
        details.shard = place.shard.value();
        details.slot = static_cast<std::int64_t>(ports_.router.slot_of(details.name));
    }

    MemoryPorts ports_;
};

/// project, shared, or both in this order.
std::vector<Scope> scopes_of(Scope scope);

}  // namespace pgmind::memory
