#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/ids.hpp"

namespace pgmind::cluster {

inline constexpr std::size_t kSlotCount = 4096;

/// The slot of a namespace: FNV-1a (64 bits, the parameters of its authors), then the finaliser of
/// SplitMix64, modulo 4,096. Fixed for ever, since data is placed by it; tests pin known values.
std::size_t slot_of(std::string_view namespace_name);

/// Which shard holds each slot, at one version of the map. Immutable; shared between threads by
/// shared_ptr<const ShardMap>.
class ShardMap {
  public:
    /// `slots` gives for each slot an index into `shards`.
    ShardMap(std::int64_t version, std::vector<ShardId> shards,
             std::array<std::uint16_t, kSlotCount> slots);

    std::int64_t version() const { return version_; }
    const std::vector<ShardId>& shards() const { return shards_; }
    const ShardId& shard_of_slot(std::size_t slot) const { return shards_[slots_[slot]]; }
    const ShardId& shard_of(std::string_view namespace_name) const {
        return shard_of_slot(slot_of(namespace_name));
    }
    std::size_t slots_of(const ShardId& shard) const;

  private:
    std::int64_t version_;
    std::vector<ShardId> shards_;
    std::array<std::uint16_t, kSlotCount> slots_;
};

using ShardMapSnapshot = std::shared_ptr<const ShardMap>;

/// Slots spread evenly and contiguously over the shards: the map of a new cluster.
ShardMap even_shard_map(std::vector<ShardId> shards);

}  // namespace pgmind::cluster
