#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/request_context.hpp"
#include "memory/api/requests.hpp"

namespace pgmind::memory {

/// Rows of a bulk import, parsed by the caller; nullopt at the end.
using EntrySource = std::function<Task<Result<std::optional<std::vector<StoreRequest>>>>()>;
/// Takes the next batch of an export.
using EntrySink = std::function<Task<Result<void>>(const std::vector<Entry>&)>;
using ProgressSink = std::function<void(const ImportProgress&)>;

/// The Memory context as the others see it. One per worker; belongs to that worker's loop. Trusts
/// its caller to have authorised the action (see integration); applies NamespaceAccess where given.
class Memory {
  public:
    virtual ~Memory() = default;

    /// Returns after PostgreSQL has committed the entry.
    virtual Task<Result<StoreResult>> store(const RequestContext& request, StoreRequest entry) = 0;
    virtual Task<Result<Entry>> retrieve(const RequestContext& request, EntryAddress address,
                                         bool with_embedding) = 0;
    /// not_found when there was nothing to delete.
    virtual Task<Result<void>> remove(const RequestContext& request, DeleteRequest target) = 0;
    virtual Task<Result<EntryPage>> list(const RequestContext& request, ListRequest query) = 0;
    virtual Task<Result<SearchResult>> search(const RequestContext& request,
                                              SearchRequest query) = 0;

    /// Bulk upsert through COPY, all or nothing per batch; `progress` runs after each batch.
    virtual Task<Result<ImportProgress>> import_entries(const RequestContext& request,
                                                        ImportOptions options, EntrySource source,
                                                        ProgressSink progress) = 0;
    /// All entries of a namespace (or of all that the access allows), from one snapshot per shard.
    /// not_found when the named namespace does not exist.
    virtual Task<Result<std::int64_t>> export_entries(const RequestContext& request, Scope scope,
                                                      std::string namespace_name,
                                                      NamespaceAccess access, EntrySink sink) = 0;

    virtual Task<Result<Namespace>> create_namespace(const RequestContext& request,
                                                     NamespaceRequest namespace_request) = 0;
    virtual Task<Result<NamespaceStatistics>> namespace_statistics(const RequestContext& request,
                                                                   Scope scope,
                                                                   std::string name) = 0;
    virtual Task<Result<NamespacePage>> list_namespaces(const RequestContext& request,
                                                        NamespaceListRequest query) = 0;
    /// Deletes a namespace and all its entries; not_found when it does not exist.
    virtual Task<Result<std::int64_t>> remove_namespace(const RequestContext& request, Scope scope,
                                                        std::string name) = 0;
    /// Deletes expired entries in batches, on every shard; gives how many. Called by the sweeper.
    virtual Task<Result<std::int64_t>> sweep_expired(const RequestContext& request) = 0;

    /// Encrypts everything in an encrypted namespace under a new key and removes the old one; gives
    /// the number of entries. Reads and writes go on; an interrupted call is taken up by the next.
    virtual Task<Result<std::int64_t>> rotate_namespace_key(const RequestContext& request,
                                                            Scope scope, std::string name) = 0;
    /// Destroys the keys of an encrypted namespace: what it holds can never be read again
    /// (not_found with reason "destroyed"). Gives the number of keys.
    virtual Task<Result<std::int64_t>> shred_namespace(const RequestContext& request, Scope scope,
                                                       std::string name) = 0;
};

}  // namespace pgmind::memory
