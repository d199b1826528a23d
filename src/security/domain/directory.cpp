#include "security/domain/directory.hpp"

#include <algorithm>
#include <set>

#include "security/domain/decision.hpp"

namespace pgmind::security {
namespace {

bool usable(const ApiKeyDetails& key, WallTime now) {
    return !key.revoked_at && (!key.expires_at || now < *key.expires_at);
}

}  // namespace

Directory::Directory(DirectoryContents contents) : contents_(std::move(contents)) {
    for (std::size_t i = 0; i < contents_.principals.size(); ++i) {
        const PrincipalDetails& principal = contents_.principals[i];
        principals_by_id_.emplace(principal.id.value(), i);
        principals_by_name_.emplace(principal.name, i);
    }
    keys_.reserve(contents_.keys.size());
    for (const StoredApiKey& stored : contents_.keys) {
        const PrincipalDetails* owner = find_principal(stored.details.principal);
        if (owner == nullptr) {
            continue;
        }
        auto principal = std::make_shared<const Principal>(
            Principal{owner->id, owner->name, owner->kind, owner->grants, stored.details.key_id});
        keys_.push_back({stored, std::move(principal), owner->disabled});
    }
    for (std::size_t i = 0; i < keys_.size(); ++i) {
        keys_by_id_.emplace(keys_[i].stored.details.key_id, i);
    }
}

const PrincipalDetails* Directory::find_principal(const PrincipalId& id) const {
    const auto found = principals_by_id_.find(id.value());
    return found == principals_by_id_.end() ? nullptr : &contents_.principals[found->second];
}

const PrincipalDetails* Directory::find_principal_named(std::string_view name) const {
    const auto found = principals_by_name_.find(name);
    return found == principals_by_name_.end() ? nullptr : &contents_.principals[found->second];
}

const DirectoryKey* Directory::find_key(std::string_view key_id) const {
    const auto found = keys_by_id_.find(key_id);
    return found == keys_by_id_.end() ? nullptr : &keys_[found->second];
}

std::vector<ApiKeyDetails> Directory::keys_of(const PrincipalId& id) const {
    std::vector<ApiKeyDetails> keys;
    for (const StoredApiKey& stored : contents_.keys) {
        if (stored.details.principal == id) {
            keys.push_back(stored.details);
        }
    }
    std::stable_sort(keys.begin(), keys.end(),
                     [](const ApiKeyDetails& left, const ApiKeyDetails& right) {
                         return left.created_at < right.created_at;
                     });
    return keys;
}

const std::vector<Grant>* Directory::current_grants(const Principal& principal,
                                                    WallTime now) const {
    if (!principal.key_id.empty()) {
        const DirectoryKey* key = find_key(principal.key_id);
        const bool same = key != nullptr && key->principal->id == principal.id;
        return same && unusable_reason(*key, now).empty() ? &key->principal->grants : nullptr;
    }
    const PrincipalDetails* details = find_principal(principal.id);
    return details != nullptr && !details->disabled ? &details->grants : nullptr;
}

std::string_view unusable_reason(const DirectoryKey& key, WallTime now) {
    if (key.principal_disabled) {
        return "principal disabled";
    }
    if (key.stored.details.revoked_at) {
        return "key revoked";
    }
    return usable(key.stored.details, now) ? "" : "key expired";
}

bool has_administrator(const DirectoryContents& contents, WallTime now) {
    std::set<PrincipalId> administrators;
    for (const PrincipalDetails& principal : contents.principals) {
        const Resource principals{ResourceType::principals, ""};
        if (!principal.disabled &&
            decide(principal.grants, Action::admin, principals, now).allowed) {
            administrators.insert(principal.id);
        }
    }
    return std::any_of(contents.keys.begin(), contents.keys.end(), [&](const StoredApiKey& key) {
        return administrators.contains(key.details.principal) && usable(key.details, now);
    });
}

}  // namespace pgmind::security
