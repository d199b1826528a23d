#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "cluster/app/ports.hpp"
#include "cluster/domain/node_layout.hpp"
#include "platform/process/identity.hpp"

namespace pgmind::cluster {

struct DirectoryOptions {
    NodeLayout layout;
    /// Whom PostgreSQL runs as; absent: the user of this process.
    std::optional<process::Identity> server_user;
    std::uint64_t free_bytes_new_node = 256ULL << 20;      ///< wanted for data to be made
    std::uint64_t free_bytes_existing_node = 64ULL << 20;  ///< wanted for data that is there
};

/// The data directory on a file system of this machine (NodeLayout says what is in it).
std::unique_ptr<DataDirectory> make_data_directory(DirectoryOptions options);

/// Whom PostgreSQL is to run as, since it refuses root: nothing for an ordinary user, who runs it
/// himself, else the user named. not_installed or invalid_request when that cannot be.
Result<std::optional<process::Identity>> server_user(const std::string& name);

}  // namespace pgmind::cluster
