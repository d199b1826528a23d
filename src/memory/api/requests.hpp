#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "memory/api/entry.hpp"
#include "memory/api/filter.hpp"

namespace pgmind::memory {

enum class StoreMode {
    upsert,       ///< create, or replace what is there
    create_only,  ///< fails with already_exists when the key is taken
    update_only   ///< fails with not_found when it is not
};

/// Error::reason when an idempotency key comes again with another request.
inline constexpr std::string_view kIdempotencyKeyReused = "idempotency_key_reused";

/// Exactly one entry. `expected_version` (If-Match) fails with version_conflict when the entry is
/// at another version. With an `idempotency_key`, the same call again gives the first answer again
/// (for 24 hours); the same key with other content is an invalid_argument error.
struct StoreRequest {
    Scope scope = Scope::project;  ///< project or shared
    std::string namespace_name;
    std::string key;
    std::string value_json;
    std::optional<std::string> text;  ///< absent: text search reads the strings of the value
    std::string metadata_json = "{}";
    std::optional<std::vector<float>> embedding;
    std::optional<std::chrono::seconds> ttl;
    StoreMode mode = StoreMode::upsert;
    std::optional<std::int64_t> expected_version;
    std::optional<std::string> idempotency_key;
    std::int64_t source_line = 0;  ///< of an import, for its error messages; 0: none
};

struct StoreResult {
    Entry entry;            ///< as stored, without the value, text and embedding
    bool created = false;   ///< false: replaced
    bool replayed = false;  ///< answered from the idempotency key
};

struct EntryAddress {
    Scope scope = Scope::project;  ///< both: project first, then shared
    std::string namespace_name;
    std::string key;
};

struct DeleteRequest {
    EntryAddress address;  ///< project or shared
    std::optional<std::int64_t> expected_version;
};

enum class ListOrder { key, updated_at, created_at };

struct ListRequest {
    Scope scope = Scope::project;
    std::string namespace_name;
    std::string key_prefix;
    std::optional<Filter> filter;
    ListOrder order = ListOrder::key;
    bool descending = false;
    std::size_t limit = 100;  ///< 1 to Limits::results_max
    std::string cursor;       ///< from the last page; empty for the first
    bool with_embedding = false;
};

struct EntryPage {
    std::vector<Entry> entries;
    std::string next_cursor;  ///< empty: this was the last page
};

/// Which namespaces a caller may read: names or patterns with `*`; denied ones win. Made from
/// grants by whoever calls; memory only applies it.
struct NamespaceAccess {
    std::vector<std::string> allowed;
    std::vector<std::string> denied;
};
bool allows(const NamespaceAccess& access, std::string_view namespace_name);

struct NamespaceListRequest {
    Scope scope = Scope::both;
    NamespaceAccess access;
    std::string name_prefix;
    std::size_t limit = 100;
    std::string cursor;
};

struct NamespacePage {
    std::vector<Namespace> namespaces;
    std::string next_cursor;
};

struct NamespaceRequest {
    Scope scope = Scope::project;
    std::string name;
    std::optional<std::int64_t> dimensions;
    std::optional<std::string> text_language;
    std::optional<std::string> metadata_json;
    /// True: encrypt values, texts and metadata; only while the namespace is empty. Encryption is
    /// never taken away again.
    std::optional<bool> encrypted;
};

enum class SearchMode {
    text,    ///< words
    vector,  ///< meaning: a given embedding, or the query through the embedder
    hybrid   ///< both, fused by reciprocal rank
};

enum class TextMatch {
    any,     ///< any of the words (OR), best matches first
    all,     ///< all of the words
    prefix,  ///< as any, the last word may be unfinished
    phrase   ///< the words next to each other
};

struct SearchRequest {
    Scope scope = Scope::project;
    std::vector<std::string> namespaces;  ///< empty: all that `access` allows
    NamespaceAccess access;               ///< always applied, also to named namespaces
    SearchMode mode = SearchMode::hybrid;
    std::string query;  ///< may be empty when an embedding is given
    std::optional<std::vector<float>> embedding;
    TextMatch match = TextMatch::any;
    std::optional<Filter> filter;
    std::size_t limit = 10;                ///< 1 to Limits::results_max
    std::optional<double> similarity_min;  ///< cosine, -1 to 1: drops vector hits below it
    double text_weight = 1.0;              ///< of reciprocal rank fusion
    double vector_weight = 1.0;
    bool with_embedding = false;
    /// Candidates that the vector index keeps while it searches, 1 to Limits::ef_search_max: more
    /// find better and take longer. Absent: as many as suit the limit.
    std::optional<std::int64_t> ef_search;
    bool explain = false;  ///< also say how the vectors were searched; takes about twice as long
};

struct SearchHit {
    Entry entry;
    double score = 0;                  ///< higher is better; comparable within one answer only
    std::optional<double> text_score;  ///< ts_rank_cd
    std::optional<double> similarity;  ///< cosine similarity
};

/// How the vectors of one database of one shard were searched.
struct VectorPlan {
    std::string shard;
    Scope scope = Scope::project;
    bool index = false;  ///< false: every vector that may be meant was compared
    std::string reason;  ///< a sentence
    std::size_t namespaces = 0;
    std::optional<double> selectivity;  ///< share of entries that the filter passes, estimated
    std::int64_t rows_visited = 0;      ///< rows that the last statement read
    std::size_t ef_search = 0;          ///< 0: the index was not asked
    double milliseconds = 0;            ///< all statements of the search, not those of explain
};

struct SearchResult {
    std::vector<SearchHit> hits;  ///< by score, then scope, namespace, key: a total order
    std::size_t shards_searched = 0;
    std::vector<std::string> notes;  ///< e.g. "no embedder: ranked by text only"
    std::vector<VectorPlan> plans;   ///< when asked for: one for each place, ordered as places are
};

struct ImportProgress {
    std::int64_t lines = 0;
    std::int64_t stored = 0;
    std::int64_t bytes = 0;
};

struct ImportOptions {
    Scope scope = Scope::project;
    std::string namespace_name;  ///< empty: each line names its own
    NamespaceAccess access;      ///< lines for other namespaces are refused
};

}  // namespace pgmind::memory
