#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "async/task.hpp"
#include "cluster/adapters/secrets.hpp"
#include "cluster/domain/node_layout.hpp"
#include "platform/process/child.hpp"

namespace pgmind::cluster {

struct InitialiseInput {
    NodeLayout layout;
    std::string node;
    std::filesystem::path programs;
    std::optional<process::Identity> server_user;
};

/// Called with the running initdb, so that a stop can end it.
using ChildObserver = std::function<void(std::shared_ptr<process::Child>)>;

/// Makes a node's data with initdb under another name and renames it when it is complete and on
/// disk. Call remove_abandoned() before.
Task<Result<void>> initialise_data(InitialiseInput input, ChildObserver observer,
                                   Deadline deadline);

/// Ends what is left of the attempts of killed processes to make a node's data, and removes what
/// they made. The caller holds the lock of the data directory, so no other attempt is under way.
Task<Result<void>> remove_abandoned(NodeLayout layout, std::string node);

}  // namespace pgmind::cluster
