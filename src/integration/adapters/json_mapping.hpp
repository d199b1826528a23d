#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "cluster/api/cluster.hpp"
#include "intelligence/api/vector_index.hpp"
#include "memory/api/requests.hpp"
#include "platform/json/field_reader.hpp"

namespace pgmind::integration {

// How entries, searches and namespaces look in JSON, for REST and MCP alike. Readers take a
// FieldReader, so that a protocol can read fields of its own from the same object before it calls
// finish(). Ranges that the Memory context checks are not checked twice here. Writers append to a
// text and splice stored JSON in as it is.

std::string_view name_of(memory::Scope scope);
/// invalid_argument naming `field`. `both` only where reading allows it.
Result<memory::Scope> parse_scope(std::string_view text, std::string field, bool allow_both);

/// value, text, metadata, embedding, ttl_seconds.
void read_entry_content(json::FieldReader& reader, memory::StoreRequest& into);
/// scope (project or shared).
void read_write_scope(json::FieldReader& reader, memory::Scope& into);
/// scope, prefix, order ("key", "-updated_at"), limit, cursor, filter, with_embedding.
void read_list_query(json::FieldReader& reader, memory::ListRequest& into);
/// query, embedding, namespace or namespaces, scope, mode, match, filter, limit, similarity_min,
/// text_weight, vector_weight, with_embedding.
void read_search_query(json::FieldReader& reader, memory::SearchRequest& into);
/// dimensions, text_language, metadata.
void read_namespace_settings(json::FieldReader& reader, memory::NamespaceRequest& into);

/// Order of a list: "key", "updated_at" or "created_at", "-" before it for the largest first.
Result<void> parse_order(std::string_view text, std::string field, memory::ListRequest& into);

/// scope, namespace, key, id, value, text, metadata, embedding, version, times. Text is left out
/// when it is empty, the embedding when it was not asked for.
void append_entry(std::string& out, const memory::Entry& entry);
/// As append_entry without value, text and embedding, with created and replayed.
void append_store_result(std::string& out, const memory::StoreResult& result);
void append_entry_page(std::string& out, const memory::EntryPage& page);
void append_search_result(std::string& out, const memory::SearchResult& result);
void append_namespace(std::string& out, const memory::Namespace& details);
void append_namespace_statistics(std::string& out, const memory::NamespaceStatistics& statistics);
void append_namespace_page(std::string& out, const memory::NamespacePage& page);
/// `indexes` null: without them.
void append_cluster_status(std::string& out, const cluster::ClusterStatus& status,
                           const std::vector<intelligence::VectorIndexStatus>* indexes);

}  // namespace pgmind::integration
