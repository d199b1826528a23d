#pragma once

#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "cluster/domain/node_layout.hpp"

namespace pgmind::cluster {

/// The roles of PostgreSQL that log in.
enum class Role {
    superuser,  ///< makes roles, databases and extensions: "postgres", on the private socket
                ///< only; of servers that others run the administrator whom the operator names
    migrator,   ///< acts as pgmind_owner, who owns every object: applies migrations
    gateway,    ///< reads and writes what the tables' grants say
    monitor     ///< reads sizes, versions and replication state
};

/// The role's name in PostgreSQL.
std::string_view name_of(Role role);

/// The secrets of a data directory: one file each, 0600, readable by the user who runs pgmind only.
/// Reads the file each time, so nothing is kept in memory. Calls block.
class Secrets {
  public:
    explicit Secrets(NodeLayout layout) : layout_(std::move(layout)) {}

    /// Makes those that are missing, from the kernel's random generator: the passwords of `roles`
    /// and the key. When PostgreSQL's data exists already (`may_create` false), a missing secret is
    /// a loss: broken_state.
    Result<void> ensure(std::initializer_list<Role> roles, bool may_create) const;

    /// 43 characters of base64url: 256 bits.
    Result<std::string> password(Role role) const;

    std::filesystem::path password_file(Role role) const;
    /// When the password was made, as its file says.
    Result<WallTime> password_made_at(Role role) const;

    /// The password that is to follow: the one that an unfinished change left, else a new one, in a
    /// file of its own beside the other, on disk. Logins try both from now on.
    Result<std::string> next_password(Role role) const;
    /// It is the only one from now on, durably. broken_state when there is none.
    Result<void> adopt_next_password(Role role) const;

    /// The key of the HMAC that API keys are stored as: 32 bytes.
    Result<std::string> api_key_hmac() const;

    /// The Ed25519 key that this directory's gateway signs the audit log with: 32 bytes. Made anew
    /// when it is missing: what was signed before stays valid, and who checks the log sees that an
    /// unknown key signs from now on.
    Result<std::string> audit_signing_seed() const;

  private:
    Result<std::string> read(std::string_view name) const;

    NodeLayout layout_;
};

}  // namespace pgmind::cluster
