#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "async/task.hpp"
#include "platform/crypto/aead_key.hpp"

namespace pgmind::security {

/// Where key-encryption keys come from; exactly one of the three is set. Each gives lines of an id
/// (1 to 4294967295) and a key (32 bytes in base64url), `7 q83v...`; blank ones and those that
/// begin with # are skipped. The highest id is in use, the others open what is older.
struct KekSource {
    std::filesystem::path file;  ///< mode 0600
    std::string text;            ///< as from a setting or the environment
    std::string command;         ///< run by /bin/sh, must end within 10 s; what it prints is read

    /// "file PATH", "setting" or "command": never the text.
    std::string name() const;
};

/// Key-encryption keys by id, immutable, in locked memory.
class KekRing {
  public:
    /// kek_unusable, naming the line but nothing of it, when it is malformed, empty, has an id
    /// twice or more than 64 keys. Wipes the text.
    static Result<KekRing> parse(std::string text);

    std::uint32_t newest() const { return keys_.rbegin()->first; }
    /// null when there is none of that id.
    const crypto::AeadKey* find(std::uint32_t id) const;
    std::vector<std::uint32_t> ids() const;

  private:
    std::map<std::uint32_t, crypto::AeadKey> keys_;
};

/// Reads the ring. With `may_create`, a file that does not exist is made with one random key.
/// Blocks on files; for a loop that serves no requests.
Task<Result<std::shared_ptr<const KekRing>>> read_kek_ring(const KekSource& source, bool may_create,
                                                           Deadline deadline);

/// Adds a random key with the next id to a ring that is a file; not_supported for other sources.
Result<void> add_kek(const KekSource& source);

}  // namespace pgmind::security
