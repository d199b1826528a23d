#include "memory/domain/validation.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "base/text.hpp"
#include "memory/domain/errors.hpp"

namespace pgmind::memory {
namespace {

tl::unexpected<Error> invalid(std::string_view field, std::string detail) {
    return fail(invalid_argument(std::string(field), std::move(detail)));
}

tl::unexpected<Error> too_large(std::string_view field, std::size_t bytes, std::size_t bytes_max) {
    return fail(Errc::too_large,
                "has " + std::to_string(bytes) + " bytes; at most " + std::to_string(bytes_max) +
                    " are allowed",
                std::string(field));
}

// C0, DEL and C1 (in UTF-8: C2 80 to C2 9F).
bool has_control_character(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<std::uint8_t>(text[i]);
        const auto next = i + 1 < text.size() ? static_cast<std::uint8_t>(text[i + 1]) : 0xff;
        if (byte < 0x20 || byte == 0x7f || (byte == 0xc2 && next < 0xa0)) {
            return true;
        }
    }
    return false;
}

Result<void> validate_name(std::string_view name, std::size_t bytes_max, std::string_view field) {
    if (name.empty()) {
        return invalid(field, "must not be empty");
    }
    if (name.size() > bytes_max) {
        return invalid(field, "has " + std::to_string(name.size()) + " bytes; at most " +
                                  std::to_string(bytes_max) + " are allowed");
    }
    if (!is_utf8(name) || has_control_character(name)) {
        return invalid(field, "must be UTF-8 without control characters");
    }
    return {};
}

// True when the JSON text holds the escape \u0000: a backslash that is not itself escaped, so one
// with an even number of backslashes before it.
bool has_nul_escape(std::string_view json) {
    constexpr std::string_view kNul = "\\u0000";
    for (std::size_t at = json.find(kNul); at != std::string_view::npos;
         at = json.find(kNul, at + 1)) {
        std::size_t before = 0;
        while (before < at && json[at - before - 1] == '\\') {
            ++before;
        }
        if (before % 2 == 0) {
            return true;
        }
    }
    return false;
}

Result<void> validate_metadata(std::string_view json, std::string_view field) {
    const Result<void> checked = validate_json(json, Limits::metadata_bytes_max, field);
    if (!checked) {
        return checked;
    }
    const std::size_t first = json.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos || json[first] != '{') {
        return invalid(field, "must be a JSON object");
    }
    return {};
}

Result<void> validate_text(const std::string& text) {
    if (text.size() > Limits::text_bytes_max) {
        return too_large("text", text.size(), Limits::text_bytes_max);
    }
    if (!is_utf8(text) || text.find('\0') != std::string::npos) {
        return invalid("text", "must be UTF-8 without NUL characters");
    }
    return {};
}

Result<void> validate_one_scope(Scope scope) {
    if (scope == Scope::both) {
        return invalid("scope", "must be \"project\" or \"shared\": an entry is in one of them");
    }
    return {};
}

Result<void> validate_version(const std::optional<std::int64_t>& version) {
    if (version && *version < 1) {
        return invalid("expected_version", "must be at least 1");
    }
    return {};
}

Result<void> validate_limit(std::size_t limit) {
    if (limit < 1 || limit > Limits::results_max) {
        return invalid("limit", "must be 1 to " + std::to_string(Limits::results_max));
    }
    return {};
}

Result<void> validate_options(const StoreRequest& request) {
    if (request.ttl &&
        (request.ttl->count() < 1 || request.ttl->count() > Limits::ttl_seconds_max)) {
        return invalid("ttl_seconds", "must be 1 to " + std::to_string(Limits::ttl_seconds_max));
    }
    if (request.mode == StoreMode::create_only && request.expected_version) {
        return invalid("expected_version", "makes no sense for an entry that must not exist yet");
    }
    if (request.idempotency_key) {
        const Result<void> key = validate_name(
            *request.idempotency_key, Limits::idempotency_key_bytes_max, "idempotency_key");
        if (!key) {
            return key;
        }
    }
    return validate_version(request.expected_version);
}

Result<void> validate_weights(const SearchRequest& request) {
    const auto usable = [](double weight) { return std::isfinite(weight) && weight >= 0; };
    if (!usable(request.text_weight)) {
        return invalid("text_weight", "must be a finite number, 0 or more");
    }
    if (!usable(request.vector_weight)) {
        return invalid("vector_weight", "must be a finite number, 0 or more");
    }
    if (request.text_weight == 0 && request.vector_weight == 0) {
        return invalid("vector_weight", "must be more than 0 when text_weight is 0");
    }
    return {};
}

Result<void> validate_query(const SearchRequest& request) {
    if (request.query.size() > Limits::query_bytes_max) {
        return invalid("query", "has " + std::to_string(request.query.size()) + " bytes; at most " +
                                    std::to_string(Limits::query_bytes_max) + " are allowed");
    }
    if (!is_utf8(request.query) || request.query.find('\0') != std::string::npos) {
        return invalid("query", "must be UTF-8 without NUL characters");
    }
    const bool empty = request.query.find_first_not_of(" \t\r\n") == std::string::npos;
    if (empty && (request.mode == SearchMode::text || !request.embedding)) {
        return invalid("query", request.mode == SearchMode::text
                                    ? "must not be empty"
                                    : "must not be empty when no embedding is given");
    }
    if (!request.embedding) {
        return {};
    }
    const Result<void> embedding = validate_embedding(*request.embedding, "embedding");
    if (!embedding) {
        return embedding;
    }
    const auto is_zero = [](float value) { return value == 0; };
    if (std::all_of(request.embedding->begin(), request.embedding->end(), is_zero)) {
        return invalid("embedding", "must not be all zeros: it points nowhere");
    }
    return {};
}

}  // namespace

Result<void> validate_namespace_name(std::string_view name, std::string_view field) {
    const Result<void> checked = validate_name(name, Limits::namespace_bytes_max, field);
    if (!checked) {
        return checked;
    }
    if (name.find('*') != std::string_view::npos) {
        return invalid(field, "must not contain \"*\", which stands for any name in grants");
    }
    return {};
}

Result<void> validate_key(std::string_view key, std::string_view field) {
    return validate_name(key, Limits::key_bytes_max, field);
}

Result<void> validate_embedding(std::span<const float> embedding, std::string_view field) {
    if (embedding.empty() || embedding.size() > Limits::dimensions_max) {
        return invalid(field, "has " + std::to_string(embedding.size()) + " dimensions; 1 to " +
                                  std::to_string(Limits::dimensions_max) + " are allowed");
    }
    const auto is_bad = [](float value) { return !std::isfinite(value); };
    const auto bad = std::find_if(embedding.begin(), embedding.end(), is_bad);
    if (bad != embedding.end()) {
        return invalid(std::string(field) + "[" + std::to_string(bad - embedding.begin()) + "]",
                       "must be a finite number");
    }
    return {};
}

Result<void> validate_json(std::string_view json, std::size_t bytes_max, std::string_view field) {
    if (json.empty()) {
        return invalid(field, "must be a JSON value");
    }
    if (json.size() > bytes_max) {
        return too_large(field, json.size(), bytes_max);
    }
    if (!is_utf8(json) || json.find('\0') != std::string_view::npos || has_nul_escape(json)) {
        return invalid(field,
                       "must be UTF-8 without the NUL character (\\u0000), which PostgreSQL "
                       "cannot hold");
    }
    return {};
}

Result<void> validate(const EntryAddress& address) {
    const Result<void> name = validate_namespace_name(address.namespace_name, "namespace");
    return name ? validate_key(address.key, "key") : name;
}

Result<void> validate(const StoreRequest& request) {
    for (const Result<void>& checked :
         {validate_one_scope(request.scope),
          validate_namespace_name(request.namespace_name, "namespace"),
          validate_key(request.key, "key"),
          validate_json(request.value_json, Limits::value_bytes_max, "value"),
          validate_metadata(request.metadata_json, "metadata"),
          request.text ? validate_text(*request.text) : Result<void>(),
          request.embedding ? validate_embedding(*request.embedding, "embedding") : Result<void>(),
          validate_options(request)}) {
        if (!checked) {
            return checked;
        }
    }
    return {};
}

Result<void> validate(const DeleteRequest& request) {
    for (const Result<void>& checked :
         {validate_one_scope(request.address.scope), validate(request.address),
          validate_version(request.expected_version)}) {
        if (!checked) {
            return checked;
        }
    }
    return {};
}

Result<void> validate(const ListRequest& request) {
    for (const Result<void>& checked :
         {validate_namespace_name(request.namespace_name, "namespace"),
          request.key_prefix.empty() ? Result<void>() : validate_key(request.key_prefix, "prefix"),
          validate_limit(request.limit),
          request.filter ? validate_filter(*request.filter, "filter") : Result<void>()}) {
        if (!checked) {
            return checked;
        }
    }
    return {};
}

Result<void> validate(const SearchRequest& request) {
    if (request.namespaces.size() > Limits::namespaces_per_search_max) {
        return invalid("namespaces",
                       "names " + std::to_string(request.namespaces.size()) + "; at most " +
                           std::to_string(Limits::namespaces_per_search_max) + " are allowed");
    }
    for (const std::string& name : request.namespaces) {
        const Result<void> checked = validate_namespace_name(name, "namespaces");
        if (!checked) {
            return checked;
        }
    }
    if (request.similarity_min &&
        !(*request.similarity_min >= -1 && *request.similarity_min <= 1)) {
        return invalid("similarity_min", "must be -1 to 1");
    }
    if (request.ef_search &&
        (*request.ef_search < 1 ||
         *request.ef_search > static_cast<std::int64_t>(Limits::ef_search_max))) {
        return invalid("ef_search", "must be 1 to " + std::to_string(Limits::ef_search_max));
    }
    for (const Result<void>& checked :
         {validate_query(request), validate_weights(request), validate_limit(request.limit),
          request.filter ? validate_filter(*request.filter, "filter") : Result<void>()}) {
        if (!checked) {
            return checked;
        }
    }
    return {};
}

Result<void> validate(const NamespaceRequest& request) {
    if (request.dimensions &&
        (*request.dimensions < 1 ||
         *request.dimensions > static_cast<std::int64_t>(Limits::dimensions_max))) {
        return invalid("dimensions", "must be 1 to " + std::to_string(Limits::dimensions_max));
    }
    for (const Result<void>& checked :
         {validate_one_scope(request.scope), validate_namespace_name(request.name, "namespace"),
          request.text_language ? validate_name(*request.text_language, 63, "text_language")
                                : Result<void>(),
          request.metadata_json ? validate_metadata(*request.metadata_json, "metadata")
                                : Result<void>()}) {
        if (!checked) {
            return checked;
        }
    }
    return {};
}

Result<void> validate(const NamespaceListRequest& request) {
    const Result<void> limit = validate_limit(request.limit);
    if (!limit || request.name_prefix.empty()) {
        return limit;
    }
    return validate_namespace_name(request.name_prefix, "prefix");
}

}  // namespace pgmind::memory
