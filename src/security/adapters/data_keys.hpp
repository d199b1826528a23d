#pragma once

#include <atomic>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "async/snapshot_cell.hpp"
#include "platform/crypto/aead_key.hpp"
#include "security/adapters/kek_ring.hpp"
#include "security/api/encryption.hpp"

namespace pgmind::security {

/// A row of pgmind.data_keys.
struct DataKeyRow {
    std::uint32_t key_id = 0;
    KeyOwner owner;
    std::uint32_t kek_id = 0;
    std::string wrapped;  ///< empty: destroyed

    bool usable() const { return !wrapped.empty(); }
};

/// All rows at one revision, immutable.
class DataKeyTable {
  public:
    DataKeyTable(std::string revision, std::vector<DataKeyRow> rows);

    const std::string& revision() const { return revision_; }
    const std::map<std::uint32_t, DataKeyRow>& rows() const { return rows_; }
    const DataKeyRow* find(std::uint32_t key_id) const;
    /// Oldest first; empty when it has none.
    std::vector<const DataKeyRow*> of(const KeyOwner& owner) const;
    KeyState state(const KeyOwner& owner) const;
    std::vector<std::string> namespaces(std::string_view database, KeyState state) const;

  private:
    std::string revision_;
    std::map<std::uint32_t, DataKeyRow> rows_;
    std::map<KeyOwner, std::vector<std::uint32_t>> by_owner_;
};

/// The name that a data key goes by: 12 characters, the same that texts sealed under it begin with.
std::string name_of_key(std::uint32_t key_id);
std::string wrap_data_key(const crypto::AeadKey& kek, std::uint32_t kek_id, std::uint32_t key_id,
                          const KeyOwner& owner, const crypto::AeadKey& key);
Result<crypto::AeadKey> unwrap_data_key(const KekRing& ring, const DataKeyRow& row);

/// What a gateway holds of keys: the newest table, the key-encryption keys, and the data keys that
/// were used last, unwrapped, at most 1,024 of them. Thread-safe.
class DataKeys {
  public:
    DataKeys();

    std::shared_ptr<const DataKeyTable> table() const { return table_.get(); }
    std::shared_ptr<const KekRing> ring() const { return ring_.get(); }
    /// Unwrapped keys that the table does not have any more are let go of at once.
    void publish(std::shared_ptr<const DataKeyTable> table, SteadyTime asked_at);
    void confirm(SteadyTime asked_at) { confirmed_.store(asked_at); }
    void use(std::shared_ptr<const KekRing> ring) { ring_.set(std::move(ring)); }

    Result<std::string> seal(const KeyOwner& owner, std::string_view row,
                             std::string_view plaintext, std::string_view key_name);
    Result<std::string> open(const KeyOwner& owner, std::string_view row, std::string_view sealed);
    std::size_t unwrapped() const;

  private:
    using Key = std::shared_ptr<const crypto::AeadKey>;
    struct Cached {
        Key key;
        std::list<std::uint32_t>::iterator use;
    };

    Result<Key> key_of(const KeyOwner& owner, std::uint32_t key_id);
    Result<std::uint32_t> newest_of(const KeyOwner& owner) const;

    async::SnapshotCell<DataKeyTable> table_;
    async::SnapshotCell<KekRing> ring_;
    std::atomic<SteadyTime> confirmed_;
    mutable std::mutex mutex_;  // Held for looking up and unwrapping, never for I/O.
    std::map<std::uint32_t, Cached> cache_;
    std::list<std::uint32_t> uses_;  // Last used first.
};

}  // namespace pgmind::security
