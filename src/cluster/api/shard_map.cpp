#include "cluster/api/shard_map.hpp"

#include <algorithm>
#include <utility>

#include "cluster/api/cluster.hpp"
#include "cluster/api/events.hpp"

namespace pgmind::cluster {

std::size_t slot_of(std::string_view namespace_name) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : namespace_name) {
        hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3;
    }
    hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
    hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
    return static_cast<std::size_t>((hash ^ (hash >> 31)) % kSlotCount);
}

ShardMap::ShardMap(std::int64_t version, std::vector<ShardId> shards,
                   std::array<std::uint16_t, kSlotCount> slots)
    : version_(version), shards_(std::move(shards)), slots_(slots) {}

std::size_t ShardMap::slots_of(const ShardId& shard) const {
    return static_cast<std::size_t>(
        std::count_if(slots_.begin(), slots_.end(),
                      [&](std::uint16_t index) { return shards_[index] == shard; }));
}

ShardMap even_shard_map(std::vector<ShardId> shards) {
    std::array<std::uint16_t, kSlotCount> slots{};
    for (std::size_t slot = 0; slot < kSlotCount; ++slot) {
        slots[slot] = static_cast<std::uint16_t>(slot * shards.size() / kSlotCount);
    }
    return ShardMap(1, std::move(shards), slots);
}

}  // namespace pgmind::cluster
