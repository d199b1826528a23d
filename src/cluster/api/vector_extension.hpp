#pragma once

#include <string_view>

namespace pgmind::cluster {

/// The extension that a shard's database keeps its vectors with. Chosen when the database is first
/// set up, then fixed.
enum class VectorExtension {
    pgmind,   ///< type ruvector, access method ruhnsw
    pgvector  ///< type vector, access method hnsw; where pgmind cannot be installed
};

/// As CREATE EXTENSION has it.
constexpr std::string_view name_of(VectorExtension extension) {
    return extension == VectorExtension::pgmind ? "pgmind" : "vector";
}

}  // namespace pgmind::cluster
