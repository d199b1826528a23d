#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.hpp"
#include "base/request_context.hpp"
#include "memory/api/memory.hpp"
#include "memory/domain/cursor.hpp"

namespace pgmind::memory {

// What the Memory context needs from outside. One set of these per worker, on its loop. Every call
// ends by its deadline. Arguments given by reference outlive the call.

/// One of the two databases of one shard.
struct Place {
    ShardId shard;
    Scope scope = Scope::project;  ///< project or shared

    auto operator<=>(const Place&) const = default;
};

/// Which shard holds which namespace, by the newest map that this worker has seen. Does no I/O.
class ShardRouter {
  public:
    virtual ~ShardRouter() = default;
    virtual ShardId shard_of(std::string_view namespace_name) const = 0;
    virtual std::size_t slot_of(std::string_view namespace_name) const = 0;
    virtual std::vector<ShardId> shards() const = 0;
};

struct StoredEntry {
    StoreResult result;
    bool namespace_created = false;
};

/// Namespaces that a statement reads: those named, which the service has held against the access,
/// or, with no name, all that `access` allows.
struct NamespaceSelection {
    std::vector<std::string> names;
    NamespaceAccess access;
};

struct EntryPageQuery {
    std::string namespace_name;
    std::string key_prefix;
    std::optional<Filter> filter;
    ListOrder order = ListOrder::key;
    bool descending = false;
    std::optional<Position> after;
    bool after_included = false;  ///< also an entry at exactly that place (of the other database)
    std::size_t limit = 0;
    bool with_embedding = false;
};

struct TextQuery {
    NamespaceSelection selection;
    std::string query;
    TextMatch match = TextMatch::any;
    std::optional<Filter> filter;
    std::size_t limit = 0;
};

struct TextHit {
    std::string namespace_name;
    std::string key;
    double score = 0;
};

struct EntryName {
    std::string namespace_name;
    std::string key;
};

/// True for an entry of a list or a fetch that has its name only, since those before it used up the
/// bytes of one answer. The first of an answer always has its value.
inline bool is_without_room(const Entry& entry) {
    return entry.value_json.empty();
}

/// Entries of one place.
class EntryStorage {
  public:
    virtual ~EntryStorage() = default;

    /// One round trip, one transaction: the entry, its event, its idempotency record. `entry_id` is
    /// used if the entry is new.
    virtual Task<Result<StoredEntry>> store(const RequestContext& request, const Place& place,
                                            const StoreRequest& entry,
                                            const std::string& entry_id) = 0;
    virtual Task<Result<std::optional<Entry>>> find(const RequestContext& request,
                                                    const Place& place, const EntryAddress& address,
                                                    bool with_embedding) = 0;
    /// entry_not_found or version_conflict when nothing was deleted.
    virtual Task<Result<void>> remove(const RequestContext& request, const Place& place,
                                      const DeleteRequest& target) = 0;
    /// In the order of the query, equal times in order of key; see is_without_room().
    virtual Task<Result<std::vector<Entry>>> list(const RequestContext& request, const Place& place,
                                                  const EntryPageQuery& query) = 0;
    /// Those of the named entries that are there, in any order. What comes late among the names may
    /// be without room: see is_without_room().
    virtual Task<Result<std::vector<Entry>>> fetch(const RequestContext& request,
                                                   const Place& place,
                                                   const std::vector<EntryName>& names,
                                                   bool with_embedding) = 0;
    /// Best first, then by namespace and key.
    virtual Task<Result<std::vector<TextHit>>> search_text(const RequestContext& request,
                                                           const Place& place,
                                                           const TextQuery& query) = 0;
};

struct NamespacePageQuery {
    std::string name_prefix;
    NamespaceAccess access;
    std::optional<Position> after;
    bool after_included = false;
    std::size_t limit = 0;
};

struct CreatedNamespace {
    Namespace details;
    bool created = false;
};

/// Namespaces of one place. `shard` and `slot` of what they give are filled in by the caller.
class NamespaceStorage {
  public:
    virtual ~NamespaceStorage() = default;

    /// Creates it, or changes the settings that the request names.
    virtual Task<Result<CreatedNamespace>> create(const RequestContext& request, const Place& place,
                                                  const NamespaceRequest& wanted) = 0;
    virtual Task<Result<std::optional<NamespaceStatistics>>> statistics(
        const RequestContext& request, const Place& place, const std::string& name) = 0;
    /// In order of name.
    virtual Task<Result<std::vector<Namespace>>> list(const RequestContext& request,
                                                      const Place& place,
                                                      const NamespacePageQuery& query) = 0;
    /// Deletes up to `limit` entries of a namespace; gives how many.
    virtual Task<Result<std::int64_t>> remove_entries(const RequestContext& request,
                                                      const Place& place, const std::string& name,
                                                      std::size_t limit) = 0;
    /// Waits for the writers to the namespace, then deletes what is left of it. Gives the number of
    /// entries, nullopt when there was no such namespace.
    virtual Task<Result<std::optional<std::int64_t>>> remove_rest(const RequestContext& request,
                                                                  const Place& place,
                                                                  const std::string& name) = 0;
};

/// A sealed value as it is stored.
struct SealedRow {
    std::string key;
    std::int64_t version = 0;
    std::string value_json;
};
using ResealedEntry = SealedRow;

struct SealedQuery {
    std::string namespace_name;
    std::string key_name;  ///< of the data key; entries under another one are meant
    std::string after;     ///< keys after this one
    std::size_t limit = 0;
};

/// What encrypted namespaces need besides, of one place.
class SealingStorage {
  public:
    virtual ~SealingStorage() = default;

    /// Holds every writer to the named key from now on. False when there is no such namespace;
    /// fixed_setting when it has entries that are not encrypted.
    virtual Task<Result<bool>> set_key(const RequestContext& request, const Place& place,
                                       const std::string& name, const std::string& key_name) = 0;
    /// In order of key, expired ones too.
    virtual Task<Result<std::vector<SealedRow>>> sealed_otherwise(const RequestContext& request,
                                                                  const Place& place,
                                                                  const SealedQuery& query) = 0;
    /// Replaces values of entries that are still at their version and under another key; gives how
    /// many.
    virtual Task<Result<std::int64_t>> reseal(const RequestContext& request, const Place& place,
                                              const SealedQuery& query,
                                              const std::vector<ResealedEntry>& entries) = 0;
};

struct ImportedBatch {
    std::int64_t stored = 0;
    std::vector<std::string> namespaces_created;
};

/// Many rows at a time, through COPY.
class BulkStorage {
  public:
    virtual ~BulkStorage() = default;

    /// Upserts all entries or none. No key occurs twice in them. Their ids are made by the storage.
    virtual Task<Result<ImportedBatch>> write(const RequestContext& request, const Place& place,
                                              const std::vector<StoreRequest>& entries) = 0;
    /// Streams the selection from one snapshot, in order of namespace and key, with embeddings.
    virtual Task<Result<std::int64_t>> read(const RequestContext& request, const Place& place,
                                            const NamespaceSelection& selection,
                                            const EntrySink& sink) = 0;
    /// Deletes up to `limit` expired entries (and idempotency records); gives how many.
    virtual Task<Result<std::int64_t>> remove_expired(const RequestContext& request,
                                                      const Place& place, std::size_t limit) = 0;
};

}  // namespace pgmind::memory
