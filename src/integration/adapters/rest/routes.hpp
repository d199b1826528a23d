#pragma once

#include <array>

#include "integration/adapters/rest/handlers.hpp"

namespace pgmind::integration::rest {

namespace detail {
inline constexpr std::size_t kKilobyte = 1024;
inline constexpr BodyRule kNoBody{};
inline constexpr BodyRule kSmallBody{BodyForm::json, 64 * kKilobyte};
/// Names and passwords, every character of them escaped. Anybody may send one.
inline constexpr BodyRule kCredentialBody{BodyForm::json, 16 * kKilobyte};
inline constexpr BodyRule kSettingsBody{BodyForm::optional_json, 128 * kKilobyte};
/// A filter of the largest size, and an embedding of 16,000 dimensions written at length.
inline constexpr BodyRule kQueryBody{BodyForm::json, 1024 * kKilobyte};
/// A value of 1 MiB, a text of 1 MB whose every character is escaped, metadata, an embedding.
inline constexpr BodyRule kEntryBody{BodyForm::json, 8192 * kKilobyte};
inline constexpr BodyRule kImportBody{BodyForm::ndjson, 8192 * kKilobyte};
inline constexpr std::chrono::seconds kBulkTimeout{600};
inline constexpr std::chrono::seconds kBulkTimeoutMax{3600};
inline constexpr std::chrono::seconds kTimeout{30};
inline constexpr std::chrono::seconds kTimeoutMax{300};
}  // namespace detail

using security::Action;
using security::ResourceType;

/// Every route there is. What is not here is 404; what is here says what it needs.
inline constexpr std::array kRoutes = {
    // Entries
    Route{"PUT", "/api/v1/namespaces/{namespace}/entries/{key}",
          Permission::in_namespace(Action::write), store_entry, "scope", detail::kEntryBody},
    Route{"GET", "/api/v1/namespaces/{namespace}/entries/{key}",
          Permission::in_namespace(Action::read), get_entry, "scope with_embedding"},
    Route{"DELETE", "/api/v1/namespaces/{namespace}/entries/{key}",
          Permission::in_namespace(Action::remove), delete_entry, "scope"},
    Route{"GET", "/api/v1/namespaces/{namespace}/entries", Permission::in_namespace(Action::read),
          list_entries, "scope limit cursor prefix order filter with_embedding"},
    Route{"POST", "/api/v1/namespaces/{namespace}/entries/query",
          Permission::in_namespace(Action::read), query_entries, "", detail::kQueryBody},
    Route{"POST", "/api/v1/search", Permission::in_namespaces(Action::read), search_entries, "",
          detail::kQueryBody, detail::kTimeout, detail::kTimeoutMax, namespaces_of_search},
    // Namespaces
    Route{"GET", "/api/v1/namespaces", Permission::in_namespaces(Action::read), list_namespaces,
          "scope limit cursor prefix"},
    Route{"PUT", "/api/v1/namespaces/{namespace}",
          Permission::in_namespace(Action::write, ResourceType::namespaces), put_namespace, "scope",
          detail::kSettingsBody},
    Route{"GET", "/api/v1/namespaces/{namespace}", Permission::in_namespace(Action::read),
          get_namespace, "scope"},
    Route{"DELETE", "/api/v1/namespaces/{namespace}",
          Permission::in_namespace(Action::remove, ResourceType::namespaces), delete_namespace,
          "scope", detail::kNoBody, detail::kBulkTimeout, detail::kBulkTimeoutMax},
    Route{"POST", "/api/v1/namespaces/{namespace}/rotate-key",
          Permission::in_namespace(Action::admin, ResourceType::namespaces), rotate_namespace_key,
          "scope", detail::kNoBody, detail::kBulkTimeout, detail::kBulkTimeoutMax},
    Route{"POST", "/api/v1/namespaces/{namespace}/shred",
          Permission::in_namespace(Action::admin, ResourceType::namespaces), shred_namespace,
          "scope"},
    // Keys that namespaces are encrypted under
    Route{"GET", "/api/v1/secrets", Permission::to(Action::admin, ResourceType::cluster),
          list_secrets},
    Route{"POST", "/api/v1/secrets/passwords/rotate",
          Permission::to(Action::admin, ResourceType::cluster), rotate_passwords},
    Route{"POST", "/api/v1/secrets/certificates/rotate",
          Permission::to(Action::admin, ResourceType::cluster), rotate_certificates},
    Route{"POST", "/api/v1/secrets/kek/rotate",
          Permission::to(Action::admin, ResourceType::cluster), rotate_kek, "",
          detail::kSettingsBody, detail::kBulkTimeout, detail::kBulkTimeoutMax},
    // Bulk
    Route{"POST", "/api/v1/namespaces/{namespace}/import", Permission::in_namespace(Action::write),
          import_entries, "scope rename", detail::kImportBody, detail::kBulkTimeout,
          detail::kBulkTimeoutMax},
    Route{"POST", "/api/v1/import", Permission::in_namespaces(Action::write), import_entries,
          "scope", detail::kImportBody, detail::kBulkTimeout, detail::kBulkTimeoutMax},
    Route{"GET", "/api/v1/namespaces/{namespace}/export", Permission::in_namespace(Action::read),
          export_entries, "scope", detail::kNoBody, detail::kBulkTimeout, detail::kBulkTimeoutMax},
    Route{"GET", "/api/v1/export", Permission::in_namespaces(Action::read), export_entries, "scope",
          detail::kNoBody, detail::kBulkTimeout, detail::kBulkTimeoutMax},
    // Principals and keys
    Route{"GET", "/api/v1/principals", Permission::to(Action::admin, ResourceType::principals),
          list_principals},
    Route{"POST", "/api/v1/principals", Permission::to(Action::admin, ResourceType::principals),
          create_principal, "", detail::kSmallBody},
    Route{"PUT", "/api/v1/principals/{name}/grants",
          Permission::to(Action::admin, ResourceType::principals), put_grants, "",
          detail::kSmallBody},
    Route{"DELETE", "/api/v1/principals/{name}",
          Permission::to(Action::admin, ResourceType::principals), disable_principal},
    Route{"GET", "/api/v1/principals/{name}/keys",
          Permission::to(Action::admin, ResourceType::principals), list_keys},
    Route{"POST", "/api/v1/principals/{name}/keys",
          Permission::to(Action::admin, ResourceType::principals), create_key, "",
          BodyRule{BodyForm::optional_json, 64 * detail::kKilobyte}},
    Route{"POST", "/api/v1/principals/{name}/sql",
          Permission::to(Action::admin, ResourceType::principals), enable_sql},
    Route{"DELETE", "/api/v1/principals/{name}/sql",
          Permission::to(Action::admin, ResourceType::principals), disable_sql},
    Route{"DELETE", "/api/v1/keys/{id}", Permission::to(Action::admin, ResourceType::principals),
          revoke_key},
    // Passwords and sessions: the caller's own, then those of others
    Route{"POST", "/api/v1/auth/login", Permission::open(), log_in, "", detail::kCredentialBody},
    Route{"POST", "/api/v1/auth/password", Permission::any_caller(), change_password, "",
          detail::kCredentialBody},
    Route{"GET", "/api/v1/auth/sessions", Permission::any_caller(), list_own_sessions},
    Route{"DELETE", "/api/v1/auth/sessions/{id}", Permission::any_caller(), revoke_own_session},
    Route{"GET", "/api/v1/auth/second-factor", Permission::any_caller(), second_factor_status},
    Route{"POST", "/api/v1/auth/second-factor", Permission::any_caller(), enrol_second_factor, "",
          detail::kCredentialBody},
    Route{"POST", "/api/v1/auth/second-factor/confirm", Permission::any_caller(),
          confirm_second_factor, "", detail::kCredentialBody},
    Route{"POST", "/api/v1/auth/second-factor/disable", Permission::any_caller(),
          disable_second_factor, "", detail::kCredentialBody},
    Route{"POST", "/api/v1/auth/second-factor/recovery-codes", Permission::any_caller(),
          renew_recovery_codes, "", detail::kCredentialBody},
    Route{"DELETE", "/api/v1/principals/{name}/second-factor",
          Permission::to(Action::admin, ResourceType::principals), reset_second_factor},
    Route{"PUT", "/api/v1/principals/{name}/password",
          Permission::to(Action::admin, ResourceType::principals), set_password, "",
          detail::kCredentialBody},
    Route{"GET", "/api/v1/principals/{name}/sessions",
          Permission::to(Action::admin, ResourceType::principals), list_sessions},
    Route{"DELETE", "/api/v1/principals/{name}/sessions/{id}",
          Permission::to(Action::admin, ResourceType::principals), revoke_session},
    // Observation
    Route{"GET", "/api/v1/me", Permission::any_caller(), who_am_i},
    Route{"GET", "/api/v1/stats", Permission::to(Action::read, ResourceType::cluster), statistics},
    Route{"GET", "/api/v1/cluster/status", Permission::to(Action::read, ResourceType::cluster),
          cluster_status},
    Route{"GET", "/api/v1/audit", Permission::to(Action::read, ResourceType::audit), query_audit,
          "principal resource decision request_id limit before"},
    Route{"GET", "/api/v1/auth/explain", Permission::to(Action::read, ResourceType::audit),
          explain_access, "principal action resource"},
    Route{"GET", "/api/v1/traces/{request_id}", Permission::to(Action::read, ResourceType::traces),
          get_trace},
    Route{"GET", "/metrics", Permission::open_here_else_to(Action::read, ResourceType::metrics),
          scrape_metrics, "", detail::kNoBody, detail::kTimeout, detail::kTimeoutMax, nullptr,
          true},
    // Open to everybody: what the service is, and whether it lives
    Route{"GET", "/", Permission::open(), landing_page},
    Route{"GET", "/api/v1/openapi.json", Permission::open(), openapi_document},
    Route{"GET", "/healthz", Permission::open(), alive, "", detail::kNoBody, detail::kTimeout,
          detail::kTimeoutMax, nullptr, true},
    Route{"GET", "/readyz", Permission::open(), ready, "", detail::kNoBody, detail::kTimeout,
          detail::kTimeoutMax, nullptr, true},
};

namespace detail {

constexpr std::size_t count_open() {
    std::size_t open = 0;
    for (const Route& route : kRoutes) {
        open += route.permission.subject() == Permission::Subject::anybody ? 1 : 0;
    }
    return open;
}

// A namespace permission must know which namespace; a body must have a limit; nothing twice.
constexpr bool rows_are_sound() {
    for (const Route& route : kRoutes) {
        const bool in_path = route.path.find("{namespace}") != std::string_view::npos;
        const bool needs_it = route.permission.subject() == Permission::Subject::one_namespace;
        const bool has_body = route.body.form != BodyForm::none;
        if (needs_it != in_path || has_body != (route.body.bytes_max > 0) ||
            route.handle == nullptr || route.timeout_default > route.timeout_max) {
            return false;
        }
        for (const Route& other : kRoutes) {
            if (&other != &route && other.method == route.method && other.path == route.path) {
                return false;
            }
        }
    }
    return true;
}

}  // namespace detail

// To open a route to everybody, its line must be added here too.
static_assert(detail::count_open() == 5,
              "only /, openapi.json, healthz, readyz and logging in are open");
static_assert(detail::rows_are_sound(), "a row lacks its namespace, body limit or handler");

}  // namespace pgmind::integration::rest
