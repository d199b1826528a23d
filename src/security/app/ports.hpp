#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.hpp"
#include "security/api/security.hpp"
#include "security/domain/changes.hpp"
#include "security/domain/directory.hpp"

namespace pgmind::security {

/// Where principals, grants and keys are kept: the coordinator's primary, never a standby (which
/// may be behind a revocation). Used on the security loop only.
class DirectoryStore {
  public:
    virtual ~DirectoryStore() = default;

    virtual Task<Result<DirectoryRevision>> revision(Deadline deadline) = 0;
    /// Everything, as of one moment.
    virtual Task<Result<DirectoryContents>> load(Deadline deadline) = 0;
    /// Makes the changes and writes their audit records in one transaction, durable when it
    /// returns. False, and nothing done, when `expected` is not the newest revision any more.
    virtual Task<Result<bool>> store(const std::vector<Change>& changes,
                                     const std::vector<AuditRecord>& records,
                                     const DirectoryRevision& expected, Deadline deadline) = 0;
};

/// Records of one writer with consecutive numbers.
struct AuditBatch {
    std::string writer;  ///< a UUID, one for each run of the process
    std::int64_t first_number = 1;
    std::vector<AuditRecord> records;
};

/// The audit log's place. Used on the security loop only.
class AuditStore {
  public:
    virtual ~AuditStore() = default;

    /// Durable when it succeeds. May be called again with the same batch after a failure: what is
    /// there already is not written twice.
    virtual Task<Result<void>> append(const AuditBatch& batch, Deadline deadline) = 0;
    /// Newest first. The query was validated.
    virtual Task<Result<std::vector<AuditRecord>>> query(const AuditQuery& query,
                                                         Deadline deadline) = 0;
};

/// Records that were written in the transaction of their change, and are in no log yet. Used on the
/// security loop only.
class PendingAudit {
  public:
    virtual ~PendingAudit() = default;

    /// Gives at most `limit` of them, the oldest first, to this caller alone for the next 30 s. One
    /// ceases to be pending when AuditStore::append() has made its record, known by change_id,
    /// durable.
    virtual Task<Result<std::vector<AuditRecord>>> claim(std::size_t limit, Deadline deadline) = 0;
    /// Makes room for the records of the months to come. To be called daily.
    virtual Task<Result<void>> make_room(Deadline deadline) = 0;
};

struct KeyMaterial {
    std::string key_id;
    std::string secret;
};

/// Thread-safe.
class KeyCryptography {
  public:
    virtual ~KeyCryptography() = default;

    virtual KeyMaterial generate() const = 0;
    /// Under the secret HMAC key.
    virtual KeyDigest digest(std::string_view message) const = 0;
    /// In the same time wherever they differ.
    virtual bool equal(const KeyDigest& left, const KeyDigest& right) const = 0;
    /// What PostgreSQL keeps of a password (SCRAM-SHA-256).
    virtual std::string sql_verifier(std::string_view password) const = 0;
    virtual void wipe(std::string& secret) const = 0;
};

}  // namespace pgmind::security
