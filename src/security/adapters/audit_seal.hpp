#pragma once

#include "platform/crypto/merkle.hpp"
#include "platform/crypto/signing_key.hpp"
#include "security/app/ports.hpp"
#include "security/domain/audit_leaf.hpp"

namespace pgmind::security {

/// The first 16 hexadecimal digits of the SHA-256 of a public key.
std::string audit_key_id(std::string_view public_key);

/// The Merkle tree of the log that this process writes: its records become leaves in the order of
/// their numbers, and each batch ends with a signed checkpoint, which is stored together with it,
/// so that no record is ever without proof. Belongs to the security loop.
class AuditSeal {
  public:
    explicit AuditSeal(crypto::SigningKey key);

    /// The checkpoint after the batch; nothing is changed before commit(). A batch that was
    /// committed may come again, whole or in part. internal when records are missing before it, or
    /// when a new log does not begin with its first record.
    Result<AuditCheckpoint> seal(const AuditBatch& batch, WallTime now);
    /// The batch that was sealed last is durable.
    void commit();

    /// Of what is durable; size 0 before the first.
    const AuditCheckpoint& last() const { return last_; }
    const crypto::PublicKey& public_key() const { return key_.public_key(); }

  private:
    const crypto::SigningKey key_;
    const std::string key_id_;
    crypto::MerkleFrontier tree_;
    AuditCheckpoint last_;
    crypto::MerkleFrontier next_tree_;
    AuditCheckpoint next_;
};

}  // namespace pgmind::security
