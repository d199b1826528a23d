#pragma once

#include <string>
#include <string_view>

#include "cluster/domain/cluster_manifest.hpp"

namespace pgmind::cluster {

/// The manifest as the text of pgmind.json.
std::string to_json(const ClusterManifest& manifest);

/// Reads pgmind.json. Members that this version does not know are passed over when the format is a
/// newer one (which the caller then refuses by its number), else refused: broken_state.
Result<ClusterManifest> manifest_from_json(std::string_view text);

}  // namespace pgmind::cluster
