#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/result.hpp"

namespace pgmind::process {

/// Whom a process runs as: the ids that the kernel checks, with the supplementary groups.
struct Identity {
    std::string name;
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups;

    bool is_root() const { return uid == 0; }
};

/// The ids that this process runs as now.
Identity current_identity();

/// Looks a user up by name. Reads the user database: blocks.
Result<Identity> identity_of_user(const std::string& name);

/// The first directory on the way to `path` (itself included) that `identity` may not enter; empty
/// when it may enter all of them. Goes by mode bits (no ACLs); parts that do not exist yet are
/// taken as enterable.
std::filesystem::path first_closed_directory(const std::filesystem::path& path,
                                             const Identity& identity);

}  // namespace pgmind::process
