#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cluster/api/vector_extension.hpp"

namespace pgmind::cluster {

/// An extension as a database has it.
struct ExtensionFacts {
    std::string installed;  ///< version in this database; empty: none
    std::string available;  ///< version that the server offers; empty: none
    std::string schema;     ///< where it is installed
};

/// What a database says of its vectors.
struct VectorFacts {
    ExtensionFacts pgmind;
    ExtensionFacts pgvector;
    bool on_pgvector = false;  ///< it was set up with pgvector before
};

/// What is left to do before the schema can be installed.
struct VectorSetup {
    VectorExtension extension = VectorExtension::pgmind;
    /// For a role that may create extensions, one after the other.
    std::vector<std::string> statements;
    bool name_types = false;  ///< the schema's names for pgvector's type are to be made
};

/// The oldest pgvector that will do: it goes on searching until a filtered query has its rows.
inline constexpr const char* kPgvectorOldest = "0.8";

/// Chooses the extension of a database: what it has stays; else `wanted`, else the one that the
/// server offers, pgmind before pgvector. not_installed when there is none, version_mismatch when
/// pgvector is too old, invalid_request when `wanted` is not what the database has.
Result<VectorSetup> plan_vectors(const VectorFacts& facts, std::optional<VectorExtension> wanted);

}  // namespace pgmind::cluster
