#pragma once

#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/clock.hpp"

namespace pgmind::cluster {

/// How old the cluster's own secrets are.
struct SecretAges {
    WallTime passwords_made_at;    ///< the oldest of them
    WallTime certificates_end_at;  ///< the first to end
};

/// Changes the secrets that the cluster made for itself, while it works. Of the process;
/// thread-safe; one rotation at a time, further ones wait for it. not_offered where others run the
/// servers.
class SecretRotation {
  public:
    virtual ~SecretRotation() = default;

    virtual Task<Result<SecretAges>> ages(Deadline deadline) = 0;

    /// New passwords of PostgreSQL's roles on all nodes; gives the roles. No login fails meanwhile,
    /// and a call that is cut off is taken up by the next.
    virtual Task<Result<std::vector<std::string>>> rotate_passwords(Deadline deadline) = 0;

    /// New certificates of the servers and, where it has one of this cluster's authority, of the
    /// gateway; gives whose. New connections get them at once (the gateway's within ten seconds),
    /// those that are open keep theirs.
    virtual Task<Result<std::vector<std::string>>> rotate_certificates(Deadline deadline) = 0;
};

}  // namespace pgmind::cluster
