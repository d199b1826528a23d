#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "security/api/principal.hpp"
#include "security/domain/api_key.hpp"

namespace pgmind::security {

/// Which state of the principals, grants and keys this is. The token is drawn anew with each
/// change, so that a number that comes again after a restored backup is not taken for the old one.
struct DirectoryRevision {
    std::int64_t number = 0;
    std::string token;
    bool operator==(const DirectoryRevision&) const = default;
};

struct StoredApiKey {
    ApiKeyDetails details;
    KeyDigest digest{};
};

/// A principal that may log in to PostgreSQL, with the SCRAM verifier of its password there.
struct StoredSqlLogin {
    PrincipalId principal;
    std::string verifier;
};

struct DirectoryContents {
    DirectoryRevision revision;
    std::vector<PrincipalDetails> principals;
    std::vector<StoredApiKey> keys;
    std::vector<StoredSqlLogin> sql_logins = {};
};

/// A key with its principal as authenticate() gives it out: made once per revision, not per
/// request.
struct DirectoryKey {
    StoredApiKey stored;
    PrincipalSnapshot principal;
    bool principal_disabled = false;
};

/// All principals, grants and keys at one revision. Immutable, so any number of threads may read
/// it; shared by shared_ptr<const Directory>.
class Directory {
  public:
    explicit Directory(DirectoryContents contents);
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;

    const DirectoryContents& contents() const { return contents_; }
    const DirectoryRevision& revision() const { return contents_.revision; }

    // nullptr when there is none.
    const PrincipalDetails* find_principal(const PrincipalId& id) const;
    const PrincipalDetails* find_principal_named(std::string_view name) const;
    const DirectoryKey* find_key(std::string_view key_id) const;

    /// In the order that they were made.
    std::vector<ApiKeyDetails> keys_of(const PrincipalId& id) const;

    /// The grants that count for a principal that was authenticated earlier, perhaps by an older
    /// revision: nullptr when it or the key that it used is gone, revoked, expired or disabled.
    const std::vector<Grant>* current_grants(const Principal& principal, WallTime now) const;

  private:
    DirectoryContents contents_;
    std::vector<DirectoryKey> keys_;
    // Views into contents_ and keys_, which never change.
    std::unordered_map<std::string_view, std::size_t> principals_by_id_;
    std::unordered_map<std::string_view, std::size_t> principals_by_name_;
    std::unordered_map<std::string_view, std::size_t> keys_by_id_;
};

/// Why the key may not be used now; empty when it may. Literals, for the audit record.
std::string_view unusable_reason(const DirectoryKey& key, WallTime now);

/// True when an enabled principal that may administer principals has a key that is usable at `now`.
bool has_administrator(const DirectoryContents& contents, WallTime now);

}  // namespace pgmind::security
