#pragma once

#include "memory/app/ports.hpp"
#include "security/api/encryption.hpp"

namespace pgmind::memory {

// Encryption stands between the service and its storage: the service sees entries, the storage
// sealed values. Of one worker, on its loop.

security::KeyOwner key_owner(Scope scope, const std::string& namespace_name);

/// Opens an entry in place if it is sealed. Asks the coordinator once for a key that is not known
/// here. What was shredded fails with reason security::kKeyDestroyed.
Task<Result<void>> open_entry(security::Encryption& encryption, Entry& entry, Deadline deadline);

/// Seals what goes to encrypted namespaces, and opens what comes from them.
class SealedEntries final : public EntryStorage {
  public:
    SealedEntries(EntryStorage& inner, security::Encryption& encryption)
        : inner_(inner), encryption_(encryption) {}

    Task<Result<StoredEntry>> store(const RequestContext& request, const Place& place,
                                    const StoreRequest& entry,
                                    const std::string& entry_id) override;
    Task<Result<std::optional<Entry>>> find(const RequestContext& request, const Place& place,
                                            const EntryAddress& address,
                                            bool with_embedding) override;
    Task<Result<void>> remove(const RequestContext& request, const Place& place,
                              const DeleteRequest& target) override;
    Task<Result<std::vector<Entry>>> list(const RequestContext& request, const Place& place,
                                          const EntryPageQuery& query) override;
    /// Leaves out entries that were shredded.
    Task<Result<std::vector<Entry>>> fetch(const RequestContext& request, const Place& place,
                                           const std::vector<EntryName>& names,
                                           bool with_embedding) override;
    Task<Result<std::vector<TextHit>>> search_text(const RequestContext& request,
                                                   const Place& place,
                                                   const TextQuery& query) override;

  private:
    EntryStorage& inner_;
    security::Encryption& encryption_;
};

class SealedBulk final : public BulkStorage {
  public:
    SealedBulk(BulkStorage& inner, security::Encryption& encryption)
        : inner_(inner), encryption_(encryption) {}

    Task<Result<ImportedBatch>> write(const RequestContext& request, const Place& place,
                                      const std::vector<StoreRequest>& entries) override;
    /// Over all that the access allows, shredded namespaces are left out.
    Task<Result<std::int64_t>> read(const RequestContext& request, const Place& place,
                                    const NamespaceSelection& selection,
                                    const EntrySink& sink) override;
    Task<Result<std::int64_t>> remove_expired(const RequestContext& request, const Place& place,
                                              std::size_t limit) override;

  private:
    BulkStorage& inner_;
    security::Encryption& encryption_;
};

}  // namespace pgmind::memory
