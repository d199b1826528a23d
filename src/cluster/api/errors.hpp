#pragma once

#include <system_error>

#include "base/error.hpp"

namespace pgmind::cluster {

/// Failures of the Cluster context. The detail of each is one line for the person who started the
/// cluster: what is wrong, and where it helps, what to do.
enum class Errc {
    invalid_request = 1,  ///< invalid_argument: options that cannot be, or not for this directory
    directory_in_use,     ///< already_exists: another pgmind runs on the data directory
    directory_unusable,   ///< permission_denied: cannot be made, entered or written
    foreign_directory,    ///< invalid_argument: not empty, and no data directory of pgmind
    version_mismatch,     ///< not_supported: made by another version of PostgreSQL or of pgmind
    not_installed,        ///< not_supported: PostgreSQL or the extension is missing
    not_offered,          ///< not_supported: only where pgmind runs the servers itself
    privilege_missing,    ///< permission_denied: an administrator has to run a statement
    port_in_use,          ///< already_exists
    disk_full,            ///< resource_exhausted
    node_failed,          ///< unavailable: an instance did not start, or does not answer
    cancelled,            ///< unavailable: the cluster is being stopped
    deadline_exceeded,    ///< deadline_exceeded
    broken_state          ///< internal: what is on disk contradicts itself
};
std::error_code make_error_code(Errc code);

}  // namespace pgmind::cluster

template <>
struct std::is_error_code_enum<pgmind::cluster::Errc> : std::true_type {};
