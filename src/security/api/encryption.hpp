#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.hpp"

namespace pgmind::security {

/// Error::reason of everything that needs a key which was destroyed on purpose.
inline constexpr std::string_view kKeyDestroyed = "destroyed";

/// A namespace of one of the two databases ("project", "shared").
struct KeyOwner {
    std::string database;
    std::string namespace_name;

    auto operator<=>(const KeyOwner&) const = default;
};

enum class KeyState {
    none,      ///< the namespace has no key: it is not encrypted
    usable,    ///< it has
    destroyed  ///< its keys were destroyed: what was encrypted under them is lost, on purpose
};

struct RewrapProgress {
    std::int64_t rewrapped = 0;         ///< data keys wrapped anew by this call
    std::uint32_t kek = 0;              ///< the key-encryption key that wraps all of them now
    std::vector<std::uint32_t> unused;  ///< older ones of the ring that wrap nothing any more
};

struct EncryptionStatus {
    std::vector<std::uint32_t> keks;  ///< ids in the ring, oldest first; the last one is in use
    std::string kek_source;           ///< "file PATH", "setting" or "command"
    std::int64_t data_keys = 0;
    std::int64_t data_keys_under_older = 0;  ///< wrapped by another than the newest
    std::int64_t namespaces = 0;
    std::int64_t destroyed_namespaces = 0;
};

/// Encryption of what namespaces store, with a data key for each namespace (two while it is
/// rotated), wrapped by a key-encryption key from outside the database. Thread-safe; one for the
/// process. Keys never leave it.
///
/// A data key goes by its name, a short text that every text sealed under it begins with.
class Encryption {
  public:
    virtual ~Encryption() = default;

    // At once, by the newest state of the keys that this gateway has seen.

    virtual KeyState state(const KeyOwner& owner) const = 0;
    /// Names of those whose state is so, in one database.
    virtual std::vector<std::string> namespaces(std::string_view database,
                                                KeyState state) const = 0;
    /// The plaintext sealed for `row` of the namespace under the named key; with no name, under the
    /// newest. Base64url. Fails with key_unknown (refresh() may help), keys_destroyed, or
    /// keys_stale, when the state of the keys was not confirmed for too long.
    virtual Result<std::string> seal(const KeyOwner& owner, std::string_view row,
                                     std::string_view plaintext,
                                     std::string_view key_name) const = 0;
    /// What seal() sealed; fails as it does, and with internal when it was changed or moved.
    virtual Result<std::string> open(const KeyOwner& owner, std::string_view row,
                                     std::string_view sealed) const = 0;
    /// Tells equal plaintexts of one row from others, and nothing else about them: a keyed hash,
    /// the same as long as the cluster's HMAC key is.
    virtual std::string fingerprint(const KeyOwner& owner, std::string_view row,
                                    std::string_view plaintext) const = 0;

    // With the coordinator; on any loop. A change is seen by this gateway when the call returns,
    // by others within a second.

    /// Afterwards everything that was committed before is known here.
    virtual Task<Result<void>> refresh(Deadline deadline) = 0;
    /// The name of the newest key, which is made if there is none. keys_destroyed when there was
    /// one.
    virtual Task<Result<std::string>> ensure_key(KeyOwner owner, Deadline deadline) = 0;
    /// Makes another key, unless a rotation that was begun has not ended; gives the newest's name.
    /// key_not_found when the namespace is not encrypted.
    virtual Task<Result<std::string>> begin_rotation(KeyOwner owner, Deadline deadline) = 0;
    /// Removes all keys but the newest: nothing may be sealed under them any more.
    virtual Task<Result<void>> end_rotation(KeyOwner owner, std::string newest,
                                            Deadline deadline) = 0;
    /// Destroys all keys of the namespace and remembers that; gives how many. key_not_found when it
    /// had none.
    virtual Task<Result<std::int64_t>> shred(KeyOwner owner, Deadline deadline) = 0;
    /// Removes all keys of the namespace, and what is remembered: for one that is gone.
    virtual Task<Result<void>> forget(KeyOwner owner, Deadline deadline) = 0;
    /// Wraps all data keys by the newest key-encryption key. With `make_new`, one is added to the
    /// ring first, if the ring is a file and its newest is in use. Goes on where an interrupted
    /// call stopped.
    virtual Task<Result<RewrapProgress>> rotate_kek(bool make_new, Deadline deadline) = 0;
    virtual Task<Result<EncryptionStatus>> status(Deadline deadline) = 0;
};

}  // namespace pgmind::security
