#include "security/adapters/data_keys.hpp"

#include "platform/crypto/crypto.hpp"
#include "platform/crypto/envelope.hpp"
#include "security/api/errors.hpp"

namespace pgmind::security {
namespace {

constexpr std::size_t kUnwrappedMax = 1'024;
constexpr std::chrono::seconds kAgeMax{30};

std::string label_of(const KeyOwner& owner) {
    return owner.database + "/" + owner.namespace_name;
}

Error destroyed(const KeyOwner& owner) {
    Error error(Errc::keys_destroyed,
                "the keys of namespace \"" + owner.namespace_name +
                    "\" were destroyed: what it held cannot be read any more, by anybody; delete "
                    "the namespace to use its name again");
    error.reason = kKeyDestroyed;
    return error;
}

Error unknown(const KeyOwner& owner) {
    return Error(Errc::key_unknown, "this gateway has no key of that name for namespace \"" +
                                        owner.namespace_name + "\" (yet)");
}

Result<std::uint32_t> key_id_of(std::string_view name) {
    const std::string header = crypto::from_base64url(name).value_or("");
    const auto keys = crypto::keys_of_header(header);
    if (!keys || keys->kek != 0) {
        return fail(BaseErrc::internal, "not the name of a data key");
    }
    return keys->dek;
}

}  // namespace

DataKeyTable::DataKeyTable(std::string revision, std::vector<DataKeyRow> rows)
    : revision_(std::move(revision)) {
    for (DataKeyRow& row : rows) {
        const std::uint32_t id = row.key_id;
        rows_.emplace(id, std::move(row));
    }
    for (const auto& [id, row] : rows_) {
        by_owner_[row.owner].push_back(id);
    }
}

const DataKeyRow* DataKeyTable::find(std::uint32_t key_id) const {
    const auto found = rows_.find(key_id);
    return found == rows_.end() ? nullptr : &found->second;
}

std::vector<const DataKeyRow*> DataKeyTable::of(const KeyOwner& owner) const {
    std::vector<const DataKeyRow*> found;
    if (const auto ids = by_owner_.find(owner); ids != by_owner_.end()) {
        for (const std::uint32_t id : ids->second) {
            found.push_back(&rows_.at(id));
        }
    }
    return found;
}

// A namespace has either usable keys or destroyed ones: shredding takes them all.
KeyState DataKeyTable::state(const KeyOwner& owner) const {
    const auto ids = by_owner_.find(owner);
    if (ids == by_owner_.end()) {
        return KeyState::none;
    }
    return rows_.at(ids->second.back()).usable() ? KeyState::usable : KeyState::destroyed;
}

std::vector<std::string> DataKeyTable::namespaces(std::string_view database,
                                                  KeyState wanted) const {
    std::vector<std::string> names;
    for (const auto& [owner, ids] : by_owner_) {
        if (owner.database == database && state(owner) == wanted) {
            names.push_back(owner.namespace_name);
        }
    }
    return names;
}

std::string name_of_key(std::uint32_t key_id) {
    return crypto::to_base64url(crypto::envelope_header({0, key_id}));
}

std::string wrap_data_key(const crypto::AeadKey& kek, std::uint32_t kek_id, std::uint32_t key_id,
                          const KeyOwner& owner, const crypto::AeadKey& key) {
    const std::string row = std::to_string(key_id);
    const std::string label = label_of(owner);
    return crypto::wrap_key(kek, {kek_id, key_id}, key, {"data_keys", "wrapped", row, label});
}

Result<crypto::AeadKey> unwrap_data_key(const KekRing& ring, const DataKeyRow& row) {
    const crypto::AeadKey* kek = ring.find(row.kek_id);
    if (kek == nullptr) {
        return fail(Errc::kek_unusable, "key-encryption key " + std::to_string(row.kek_id) +
                                            " is not among those that this gateway was given");
    }
    const std::string id = std::to_string(row.key_id);
    const std::string label = label_of(row.owner);
    return crypto::unwrap_key(*kek, row.wrapped, {"data_keys", "wrapped", id, label});
}

DataKeys::DataKeys()
    : table_(std::make_shared<const DataKeyTable>("", std::vector<DataKeyRow>())),
      ring_(nullptr),
      confirmed_(SteadyTime::min()) {}

void DataKeys::publish(std::shared_ptr<const DataKeyTable> table, SteadyTime asked_at) {
    table_.set(table);
    confirm(asked_at);
    const std::lock_guard lock(mutex_);
    for (auto cached = cache_.begin(); cached != cache_.end();) {
        const DataKeyRow* row = table->find(cached->first);
        if (row != nullptr && row->usable()) {
            ++cached;
            continue;
        }
        uses_.erase(cached->second.use);
        cached = cache_.erase(cached);
    }
}

Result<DataKeys::Key> DataKeys::key_of(const KeyOwner& owner, std::uint32_t key_id) {
    const SteadyTime confirmed = confirmed_.load();
    if (confirmed == SteadyTime::min() || std::chrono::steady_clock::now() - confirmed > kAgeMax) {
        return fail(Errc::keys_stale, "the coordinator has not confirmed the data keys for 30 s");
    }
    const std::lock_guard lock(mutex_);
    // Read under the lock, so that no key comes back into the cache after publish() took it out.
    const auto table = table_.get();
    const DataKeyRow* row = table->find(key_id);
    if (row == nullptr || row->owner != owner) {
        return fail(table->state(owner) == KeyState::destroyed ? destroyed(owner) : unknown(owner));
    }
    if (!row->usable()) {
        return fail(destroyed(owner));
    }
    if (const auto cached = cache_.find(key_id); cached != cache_.end()) {
        uses_.splice(uses_.begin(), uses_, cached->second.use);
        return cached->second.key;
    }
    const auto ring = ring_.get();
    if (ring == nullptr) {
        return fail(Errc::kek_unusable, "this gateway has no key-encryption key");
    }
    auto key = unwrap_data_key(*ring, *row);
    if (!key) {
        return fail(std::move(key.error()));
    }
    if (cache_.size() == kUnwrappedMax) {
        cache_.erase(uses_.back());
        uses_.pop_back();
    }
    uses_.push_front(key_id);
    auto shared = std::make_shared<const crypto::AeadKey>(std::move(*key));
    cache_.emplace(key_id, Cached{shared, uses_.begin()});
    return shared;
}

Result<std::uint32_t> DataKeys::newest_of(const KeyOwner& owner) const {
    const auto table = table_.get();
    const auto rows = table->of(owner);
    if (rows.empty()) {
        return fail(unknown(owner));
    }
    return rows.back()->key_id;
}

Result<std::string> DataKeys::seal(const KeyOwner& owner, std::string_view row,
                                   std::string_view plaintext, std::string_view key_name) {
    const auto key_id = key_name.empty() ? newest_of(owner) : key_id_of(key_name);
    if (!key_id) {
        return fail(key_id.error());
    }
    const auto key = key_of(owner, *key_id);
    if (!key) {
        return fail(key.error());
    }
    const std::string label = label_of(owner);
    return crypto::to_base64url(crypto::seal_envelope(**key, {0, *key_id}, plaintext,
                                                      {"memory_entries", "value", row, label}));
}

Result<std::string> DataKeys::open(const KeyOwner& owner, std::string_view row,
                                   std::string_view sealed) {
    const std::string envelope = crypto::from_base64url(sealed).value_or("");
    const auto keys = crypto::keys_of(envelope);
    if (!keys) {
        return fail(keys.error());
    }
    const auto key = key_of(owner, keys->dek);
    if (!key) {
        return fail(key.error());
    }
    const std::string label = label_of(owner);
    return crypto::open_envelope(**key, envelope, {"memory_entries", "value", row, label});
}

std::size_t DataKeys::unwrapped() const {
    const std::lock_guard lock(mutex_);
    return cache_.size();
}

}  // namespace pgmind::security
