#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "cluster/adapters/secrets.hpp"
#include "cluster/app/ports.hpp"
#include "cluster/domain/node_layout.hpp"
#include "platform/process/identity.hpp"

namespace pgmind::cluster {

struct InstanceOptions {
    NodeLayout layout;
    std::optional<process::Identity> server_user;
    std::filesystem::path programs;  ///< a directory with postgres and initdb; empty: looked for
    std::size_t connections_max = 100;
    std::uint64_t log_bytes_max = 32ULL << 20;  ///< of one log file; the one before it is kept too
};

/// PostgreSQL as child processes of this one. Made and used on the cluster's loop, whose thread
/// lives as long as the instances do (their death signal goes by thread).
std::unique_ptr<Instances> make_postgres_instances(Executor executor, InstanceOptions options);

}  // namespace pgmind::cluster
