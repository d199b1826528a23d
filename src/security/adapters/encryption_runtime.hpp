#pragma once

#include <memory>
#include <string>

#include "platform/postgres/connection_options.hpp"
#include "security/adapters/kek_ring.hpp"
#include "security/api/encryption.hpp"

namespace pgmind::security {

struct EncryptionOptions {
    /// The coordinator's primary, database pgmind, as role pgmind_gateway.
    postgres::ConnectionOptions coordinator;
    KekSource kek;
    std::string hmac_key;  ///< as SecurityOptions::hmac_key
};

/// Encryption with keys kept in step with the coordinator: on a thread and connections of its own,
/// renewed on NOTIFY pgmind_data_keys and every second. Destroyed when no request runs any more;
/// stop() and start() block the calling thread.
class EncryptionRuntime {
  public:
    /// Tries until the deadline. A file of key-encryption keys that is missing is made, unless
    /// there are data keys already, which nothing else could open.
    static Result<std::unique_ptr<EncryptionRuntime>> start(EncryptionOptions options,
                                                            Deadline deadline);
    ~EncryptionRuntime();
    EncryptionRuntime(const EncryptionRuntime&) = delete;
    EncryptionRuntime& operator=(const EncryptionRuntime&) = delete;

    /// For all workers; as long as this object lives.
    Encryption& encryption();
    /// Unwrapped data keys in memory. Thread-safe.
    std::size_t unwrapped_keys() const;

  private:
    class Implementation;
    explicit EncryptionRuntime(std::unique_ptr<Implementation> implementation);
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace pgmind::security
