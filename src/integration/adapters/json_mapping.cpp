#include "integration/adapters/json_mapping.hpp"

#include <utility>

#include "integration/adapters/filter_json.hpp"
#include "platform/json/writer.hpp"

namespace pgmind::integration {
namespace {

using json::FieldReader;
using json::ObjectWriter;
using memory::Limits;
using memory::Scope;

std::size_t read_limit(FieldReader& reader, std::size_t otherwise) {
    const auto limit = reader.optional_integer("limit");
    if (!limit) {
        return otherwise;
    }
    if (*limit < 1 || *limit > static_cast<std::int64_t>(Limits::results_max)) {
        reader.refuse("limit", "must be from 1 to " + std::to_string(Limits::results_max));
        return otherwise;
    }
    return static_cast<std::size_t>(*limit);
}

std::optional<memory::Filter> read_filter_field(FieldReader& reader) {
    const json::Value* value = reader.optional_value("filter");
    if (value == nullptr || value->is_null()) {
        return std::nullopt;
    }
    auto filter = read_filter(*value, reader.path_of("filter"));
    if (!filter) {
        reader.refuse(std::move(filter.error()));
        return std::nullopt;
    }
    return std::move(*filter);
}

void read_any_scope(FieldReader& reader, Scope& into) {
    if (const auto index = reader.optional_choice("scope", {"project", "shared", "both"})) {
        into = static_cast<Scope>(*index);
    }
}

std::vector<std::string> read_namespaces(FieldReader& reader) {
    auto several = reader.optional_strings("namespaces");
    auto one = reader.optional_string("namespace");
    if (several && one) {
        reader.refuse("namespace", "give either namespace or namespaces");
    }
    if (one) {
        return {std::move(*one)};
    }
    if (several && several->empty()) {
        reader.refuse("namespaces", "must name at least one; leave it out to search all");
    }
    return std::move(several).value_or(std::vector<std::string>());
}

void append_time(ObjectWriter& object, std::string_view name, WallTime time) {
    object.string(name, format_time(time));
}

void append_optional_time(ObjectWriter& object, std::string_view name,
                          const std::optional<WallTime>& time) {
    if (time) {
        append_time(object, name, *time);
    } else {
        object.null(name);
    }
}

void append_address(ObjectWriter& object, const memory::Entry& entry) {
    object.string("scope", name_of(entry.scope))
        .string("namespace", entry.namespace_name)
        .string("key", entry.key)
        .string("id", entry.entry_id);
}

void append_version(ObjectWriter& object, const memory::Entry& entry) {
    object.number("version", entry.version);
    append_time(object, "created_at", entry.created_at);
    append_time(object, "updated_at", entry.updated_at);
    append_optional_time(object, "expires_at", entry.expires_at);
}

void append_cursor(ObjectWriter& object, const std::string& cursor) {
    if (cursor.empty()) {
        object.null("next_cursor");
    } else {
        object.string("next_cursor", cursor);
    }
}

std::string_view or_empty_object(const std::string& json_text) {
    return json_text.empty() ? std::string_view("{}") : json_text;
}

void append_namespace_members(ObjectWriter& object, const memory::Namespace& details) {
    object.string("scope", name_of(details.scope)).string("name", details.name);
    if (details.dimensions) {
        object.number("dimensions", *details.dimensions);
    } else {
        object.null("dimensions");
    }
    object.boolean("encrypted", details.encrypted)
        .string("text_language", details.text_language)
        .raw("metadata", or_empty_object(details.metadata_json))
        .string("shard", details.shard)
        .number("slot", details.slot);
    append_time(object, "created_at", details.created_at);
}

void append_hit(std::string& out, const memory::SearchHit& hit) {
    ObjectWriter object(out);
    object.number("score", hit.score);
    if (hit.text_score) {
        object.number("text_score", *hit.text_score);
    }
    if (hit.similarity) {
        object.number("similarity", *hit.similarity);
    }
    object.name("entry");
    append_entry(out, hit.entry);
    object.end();
}

void append_plan(std::string& out, const memory::VectorPlan& plan) {
    ObjectWriter object(out);
    object.string("shard", plan.shard)
        .string("scope", name_of(plan.scope))
        .string("method", plan.index ? "index" : "exact")
        .string("reason", plan.reason)
        .number("namespaces", static_cast<std::int64_t>(plan.namespaces));
    if (plan.selectivity) {
        object.number("selectivity", *plan.selectivity);
    } else {
        object.null("selectivity");
    }
    object.number("rows_visited", plan.rows_visited);
    if (plan.index) {
        object.number("ef_search", static_cast<std::int64_t>(plan.ef_search));
    } else {
        object.null("ef_search");
    }
    object.number("milliseconds", plan.milliseconds);
    object.end();
}

void append_node(std::string& out, const cluster::NodeStatus& node) {
    ObjectWriter object(out);
    object.string("name", node.name)
        .string("role", node.role)
        .string("address", node.address)
        .boolean("healthy", node.healthy)
        .string("problem", node.problem)
        .string("server_version", node.server_version)
        .string("schema_version", node.schema_version)
        .number("slots", static_cast<std::int64_t>(node.slots))
        .number("entries", node.entries)
        .number("bytes", node.bytes)
        .number("replication_lag_bytes", node.replication_lag_bytes)
        .number("standbys", static_cast<std::int64_t>(node.standbys))
        .number("age_ms", static_cast<std::int64_t>(node.age.count()));
    object.end();
}

std::string_view name_of(intelligence::VectorIndexState state) {
    switch (state) {
        case intelligence::VectorIndexState::absent:
            return "absent";
        case intelligence::VectorIndexState::building:
            return "building";
        case intelligence::VectorIndexState::ready:
            return "ready";
        case intelligence::VectorIndexState::unknown:
            break;
    }
    return "unknown";
}

void append_vector_index(std::string& out, const intelligence::VectorIndexStatus& index) {
    ObjectWriter object(out);
    object.string("shard", index.shard)
        .string("database", index.database)
        .string("state", name_of(index.state))
        .string("problem", index.problem)
        .number("progress",
                index.state == intelligence::VectorIndexState::ready ? 1.0 : index.progress)
        .number("namespaces", index.namespaces)
        .number("vectors", index.vectors)
        .number("bytes", index.bytes);
    object.end();
}

}  // namespace

std::string_view name_of(Scope scope) {
    switch (scope) {
        case Scope::project:
            return "project";
        case Scope::shared:
            return "shared";
        case Scope::both:
            break;
    }
    return "both";
}

Result<Scope> parse_scope(std::string_view text, std::string field, bool allow_both) {
    for (const Scope scope : {Scope::project, Scope::shared, Scope::both}) {
        if (name_of(scope) == text && (allow_both || scope != Scope::both)) {
            return scope;
        }
    }
    return fail(invalid_argument(std::move(field), allow_both ? "must be project, shared or both"
                                                              : "must be project or shared"));
}

Result<void> parse_order(std::string_view text, std::string field, memory::ListRequest& into) {
    into.descending = text.starts_with('-');
    const std::string_view name = into.descending ? text.substr(1) : text;
    if (name == "key") {
        into.order = memory::ListOrder::key;
    } else if (name == "updated_at") {
        into.order = memory::ListOrder::updated_at;
    } else if (name == "created_at") {
        into.order = memory::ListOrder::created_at;
    } else {
        return fail(invalid_argument(std::move(field),
                                     "must be key, updated_at or created_at, with - before it for "
                                     "the largest first"));
    }
    return {};
}

void read_entry_content(FieldReader& reader, memory::StoreRequest& into) {
    into.value_json = reader.require_raw("value");
    into.text = reader.optional_string("text");
    into.metadata_json = reader.optional_raw_object("metadata").value_or("{}");
    into.embedding = reader.optional_floats("embedding");
    const auto ttl = reader.optional_integer("ttl_seconds");
    if (ttl && (*ttl < 1 || *ttl > Limits::ttl_seconds_max)) {
        reader.refuse("ttl_seconds",
                      "must be from 1 to " + std::to_string(Limits::ttl_seconds_max) + " seconds");
    } else if (ttl) {
        into.ttl = std::chrono::seconds(*ttl);
    }
}

void read_write_scope(FieldReader& reader, Scope& into) {
    if (const auto index = reader.optional_choice("scope", {"project", "shared"})) {
        into = static_cast<Scope>(*index);
    }
}

void read_list_query(FieldReader& reader, memory::ListRequest& into) {
    read_any_scope(reader, into.scope);
    into.key_prefix = reader.optional_string("prefix").value_or("");
    if (const auto order = reader.optional_string("order")) {
        auto parsed = parse_order(*order, reader.path_of("order"), into);
        if (!parsed) {
            reader.refuse(std::move(parsed.error()));
        }
    }
    into.limit = read_limit(reader, into.limit);
    into.cursor = reader.optional_string("cursor").value_or("");
    into.filter = read_filter_field(reader);
    into.with_embedding = reader.optional_boolean("with_embedding").value_or(false);
}

void read_search_query(FieldReader& reader, memory::SearchRequest& into) {
    read_any_scope(reader, into.scope);
    into.namespaces = read_namespaces(reader);
    into.query = reader.optional_string("query").value_or("");
    into.embedding = reader.optional_floats("embedding");
    if (const auto index = reader.optional_choice("mode", {"text", "vector", "hybrid"})) {
        into.mode = static_cast<memory::SearchMode>(*index);
    }
    if (const auto index = reader.optional_choice("match", {"any", "all", "prefix", "phrase"})) {
        into.match = static_cast<memory::TextMatch>(*index);
    }
    into.filter = read_filter_field(reader);
    into.limit = read_limit(reader, into.limit);
    into.similarity_min = reader.optional_number("similarity_min");
    into.ef_search = reader.optional_integer("ef_search");
    if (into.ef_search && (*into.ef_search < 1 ||
                           *into.ef_search > static_cast<std::int64_t>(Limits::ef_search_max))) {
        reader.refuse("ef_search", "must be from 1 to " + std::to_string(Limits::ef_search_max));
    }
    into.explain = reader.optional_boolean("explain").value_or(false);
    into.text_weight = reader.optional_number("text_weight").value_or(into.text_weight);
    into.vector_weight = reader.optional_number("vector_weight").value_or(into.vector_weight);
    into.with_embedding = reader.optional_boolean("with_embedding").value_or(false);
}

void read_namespace_settings(FieldReader& reader, memory::NamespaceRequest& into) {
    into.dimensions = reader.optional_integer("dimensions");
    into.text_language = reader.optional_string("text_language");
    into.metadata_json = reader.optional_raw_object("metadata");
    into.encrypted = reader.optional_boolean("encrypted");
}

void append_entry(std::string& out, const memory::Entry& entry) {
    ObjectWriter object(out);
    append_address(object, entry);
    object.raw("value", entry.value_json);
    if (!entry.text.empty()) {
        object.string("text", entry.text);
    }
    object.raw("metadata", or_empty_object(entry.metadata_json));
    if (entry.embedding) {
        object.floats("embedding", *entry.embedding);
    }
    append_version(object, entry);
    object.end();
}

void append_store_result(std::string& out, const memory::StoreResult& result) {
    ObjectWriter object(out);
    append_address(object, result.entry);
    object.raw("metadata", or_empty_object(result.entry.metadata_json));
    append_version(object, result.entry);
    object.boolean("created", result.created).boolean("replayed", result.replayed);
    object.end();
}

void append_entry_page(std::string& out, const memory::EntryPage& page) {
    ObjectWriter object(out);
    object.name("entries");
    json::append_array(out, page.entries,
                       [&out](const memory::Entry& entry) { append_entry(out, entry); });
    append_cursor(object, page.next_cursor);
    object.end();
}

void append_search_result(std::string& out, const memory::SearchResult& result) {
    ObjectWriter object(out);
    object.name("hits");
    json::append_array(out, result.hits,
                       [&out](const memory::SearchHit& hit) { append_hit(out, hit); });
    object.number("shards_searched", static_cast<std::int64_t>(result.shards_searched))
        .strings("notes", result.notes);
    if (!result.plans.empty()) {
        object.name("plans");
        json::append_array(out, result.plans,
                           [&out](const memory::VectorPlan& plan) { append_plan(out, plan); });
    }
    object.end();
}

void append_namespace(std::string& out, const memory::Namespace& details) {
    ObjectWriter object(out);
    append_namespace_members(object, details);
    object.end();
}

void append_namespace_statistics(std::string& out, const memory::NamespaceStatistics& statistics) {
    ObjectWriter object(out);
    append_namespace_members(object, statistics.details);
    object.number("entries", statistics.entries)
        .number("entries_with_embedding", statistics.entries_with_embedding)
        .number("bytes", statistics.bytes);
    object.end();
}

void append_namespace_page(std::string& out, const memory::NamespacePage& page) {
    ObjectWriter object(out);
    object.name("namespaces");
    json::append_array(out, page.namespaces, [&out](const memory::Namespace& details) {
        append_namespace(out, details);
    });
    append_cursor(object, page.next_cursor);
    object.end();
}

void append_cluster_status(std::string& out, const cluster::ClusterStatus& status,
                           const std::vector<intelligence::VectorIndexStatus>* indexes) {
    ObjectWriter object(out);
    object.string("product_version", status.product_version)
        .string("engine", status.engine)
        .number("map_version", status.map_version)
        .boolean("ready", status.ready)
        .string("problem", status.problem)
        .name("nodes");
    json::append_array(out, status.nodes,
                       [&out](const cluster::NodeStatus& node) { append_node(out, node); });
    if (indexes != nullptr) {
        object.name("vector_indexes");
        json::append_array(out, *indexes, [&out](const intelligence::VectorIndexStatus& index) {
            append_vector_index(out, index);
        });
    }
    object.end();
}

}  // namespace pgmind::integration
