#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace pgmind::memory {

/// Which of a shard's two databases an entry lives in. `both` is for reading only.
enum class Scope { project, shared, both };

/// Limits of an entry, in bytes unless said otherwise. Each breach is an invalid_argument (or
/// payload_too_large) error that names the field and the limit.
struct Limits {
    static constexpr std::size_t namespace_bytes_max = 255;
    static constexpr std::size_t key_bytes_max = 1024;
    static constexpr std::size_t value_bytes_max = 1'048'576;  ///< the JSON text
    static constexpr std::size_t metadata_bytes_max = 65'536;
    static constexpr std::size_t text_bytes_max = 1'000'000;
    static constexpr std::size_t query_bytes_max = 4096;
    static constexpr std::size_t dimensions_max = 16'000;
    static constexpr std::size_t results_max = 1000;
    static constexpr std::size_t namespaces_per_search_max = 1000;
    static constexpr std::size_t ef_search_max = 1000;
    static constexpr std::size_t idempotency_key_bytes_max = 255;
    static constexpr std::int64_t ttl_seconds_max = 315'360'000;  ///< ten years
};

/// An entry as it is stored. JSON travels as text through api, domain and app; protocol adapters
/// parse and build it.
struct Entry {
    Scope scope = Scope::project;
    std::string namespace_name;
    std::string key;
    std::string entry_id;                         ///< UUID, stays the same through updates
    std::string value_json;                       ///< any JSON value
    std::string text;                             ///< as given for text search; empty when none was
    std::string metadata_json;                    ///< a JSON object
    std::optional<std::vector<float>> embedding;  ///< only filled when it was asked for
    std::int64_t version = 1;                     ///< grows by one with every update
    WallTime created_at;
    WallTime updated_at;
    std::optional<WallTime> expires_at;
};

struct Namespace {
    Scope scope = Scope::project;
    std::string name;
    std::optional<std::int64_t> dimensions;  ///< set by the first vector, then fixed
    bool encrypted = false;                  ///< values, texts and metadata are
    std::string text_language;               ///< a PostgreSQL text search configuration
    std::string metadata_json;
    std::string shard;  ///< id of the shard that holds it
    std::int64_t slot = 0;
    WallTime created_at;
};

struct NamespaceStatistics {
    Namespace details;
    std::int64_t entries = 0;
    std::int64_t entries_with_embedding = 0;
    std::int64_t bytes = 0;
};

}  // namespace pgmind::memory
