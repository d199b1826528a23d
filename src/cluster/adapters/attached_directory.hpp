#pragma once

#include <memory>

#include "cluster/app/ports.hpp"
#include "cluster/domain/node_layout.hpp"

namespace pgmind::cluster {

/// The data directory of a cluster whose servers others run: manifest, lock and secrets.
std::unique_ptr<DataDirectory> make_attached_directory(NodeLayout layout);

}  // namespace pgmind::cluster
