#include "memory/app/sealed_search.hpp"

#include <algorithm>

#include "memory/app/memory_service.hpp"
#include "memory/app/sealed_storage.hpp"

namespace pgmind::memory {
namespace {

using security::Encryption;
using security::KeyState;

KeyState state_of(const Encryption& encryption, Scope scope, const std::string& name) {
    KeyState state = KeyState::none;
    for (const Scope one : scopes_of(scope)) {
        const KeyState found = encryption.state(key_owner(one, name));
        state = found == KeyState::none ? state : found;
    }
    return state;
}

// Sealing says in full what became of the keys.
tl::unexpected<Error> destroyed(const Encryption& encryption, Scope scope,
                                const std::string& name) {
    for (const Scope one : scopes_of(scope)) {
        auto refused = encryption.seal(key_owner(one, name), "", "", "");
        if (!refused && refused.error().reason == security::kKeyDestroyed) {
            return fail(std::move(refused.error()));
        }
    }
    return fail(BaseErrc::unavailable, "the keys of namespace \"" + name + "\" just changed");
}

tl::unexpected<Error> no_filter(const std::string& name) {
    return fail(invalid_argument(
        "filter", "namespace \"" + name +
                      "\" is encrypted: its metadata cannot be filtered, only times can"));
}

bool has_words(const SearchRequest& query) {
    return query.query.find_first_not_of(" \t\r\n") != std::string::npos;
}

// Over all that is allowed: whatever cannot take part is taken away.
SealedSearch narrow(const Encryption& encryption, SearchRequest& query) {
    SealedSearch sealed;
    const bool filtered = query.filter && reads_metadata(*query.filter);
    bool left_out = false;
    bool by_vector = false;
    for (const Scope scope : scopes_of(query.scope)) {
        const std::string database = key_owner(scope, "").database;
        for (std::string& name : encryption.namespaces(database, KeyState::destroyed)) {
            query.access.denied.push_back(std::move(name));
        }
        for (std::string& name : encryption.namespaces(database, KeyState::usable)) {
            if (!allows(query.access, name)) {
                continue;
            }
            (filtered ? left_out : by_vector) = true;
            if (filtered) {
                query.access.denied.push_back(std::move(name));
            }
        }
    }
    if (left_out) {
        sealed.notes.push_back(
            "encrypted namespaces are left out: their metadata cannot be filtered");
    }
    if (by_vector && has_words(query) && query.mode != SearchMode::vector) {
        sealed.notes.push_back("encrypted namespaces are not searched by words");
    }
    return sealed;
}

}  // namespace

bool reads_metadata(const Filter& filter) {
    if (!filter.path.empty()) {
        return !filter.path.front().starts_with('@');  // Those are times.
    }
    return std::any_of(filter.children.begin(), filter.children.end(), reads_metadata);
}

Result<void> admit_list(const Encryption& encryption, const ListRequest& query) {
    const KeyState state = state_of(encryption, query.scope, query.namespace_name);
    if (state == KeyState::destroyed) {
        return destroyed(encryption, query.scope, query.namespace_name);
    }
    if (state == KeyState::usable && query.filter && reads_metadata(*query.filter)) {
        return no_filter(query.namespace_name);
    }
    return {};
}

Result<SealedSearch> admit_search(const Encryption& encryption, SearchRequest& query) {
    if (query.namespaces.empty()) {
        return narrow(encryption, query);
    }
    SealedSearch sealed;
    std::size_t encrypted = 0;
    for (const std::string& name : query.namespaces) {
        const KeyState state = state_of(encryption, query.scope, name);
        if (state == KeyState::destroyed) {
            return destroyed(encryption, query.scope, name);
        }
        if (state == KeyState::none) {
            continue;
        }
        ++encrypted;
        if (query.filter && reads_metadata(*query.filter)) {
            return no_filter(name);
        }
        if (query.mode == SearchMode::text) {
            return fail(invalid_argument(
                "mode", "namespace \"" + name +
                            "\" is encrypted: it cannot be searched by words, only by vector"));
        }
    }
    sealed.vectors_only = encrypted == query.namespaces.size();
    if (encrypted > 0 && has_words(query) && query.mode == SearchMode::hybrid) {
        sealed.notes.push_back("encrypted namespaces are not searched by words");
    }
    return sealed;
}

}  // namespace pgmind::memory
