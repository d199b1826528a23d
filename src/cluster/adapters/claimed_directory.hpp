#pragma once

#include <optional>

#include "cluster/domain/cluster_manifest.hpp"
#include "cluster/domain/node_layout.hpp"
#include "platform/process/files.hpp"

namespace pgmind::cluster {

/// What every data directory has: a manifest, and a lock that is held as long as this object lives.
/// Calls block.
class ClaimedDirectory {
  public:
    explicit ClaimedDirectory(NodeLayout layout) : layout_(std::move(layout)) {}

    /// Fails before the first change where the path is a directory of something else.
    Result<void> check_is_ours() const;
    Result<void> make(mode_t mode) const;
    Result<void> lock();
    /// nullopt when there is no manifest.
    Result<std::optional<ClusterManifest>> load() const;
    Result<void> save(const ClusterManifest& manifest) const;

  private:
    NodeLayout layout_;
    std::optional<process::FileLock> lock_;
};

}  // namespace pgmind::cluster
