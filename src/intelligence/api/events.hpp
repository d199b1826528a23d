#pragma once

#include <string>

#include "base/domain_event.hpp"

namespace pgmind::intelligence {

struct VectorSearchInitiated {
    static constexpr std::string_view name = "VectorSearchInitiated";
    static constexpr std::string_view context = "intelligence";
    std::string mode;  ///< "text", "vector", "hybrid"
    std::size_t limit = 0;
    EventAttributes attributes() const {
        return {{"mode", mode}, {"limit", std::to_string(limit)}};
    }
};

/// Once for each database of each shard, when its index can be used.
struct VectorIndexCreated {
    static constexpr std::string_view name = "VectorIndexCreated";
    static constexpr std::string_view context = "intelligence";
    std::string shard;
    std::string database;  ///< "project" or "shared"
    EventAttributes attributes() const { return {{"shard", shard}, {"database", database}}; }
};

struct EmbeddingStored {
    static constexpr std::string_view name = "EmbeddingStored";
    static constexpr std::string_view context = "intelligence";
    std::string namespace_name;
    std::size_t dimensions = 0;
    EventAttributes attributes() const {
        return {{"namespace", namespace_name}, {"dimensions", std::to_string(dimensions)}};
    }
};

}  // namespace pgmind::intelligence
