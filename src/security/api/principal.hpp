#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"

namespace pgmind::security {

enum class PrincipalKind { user, service, ai_agent };
enum class Role { admin, app_user, mcp_user, readonly, auditor };
enum class Action { read, write, remove, execute, admin };

/// What a permission is about. Namespaces are matched by pattern; the others are single things.
enum class ResourceType {
    memory,      ///< entries of a namespace; `name` is the namespace
    namespaces,  ///< creating or deleting the namespace `name`
    cluster,     ///< status, topology
    principals,  ///< principals, roles, keys
    audit,       ///< the audit log
    metrics,
    traces
};

struct Resource {
    ResourceType type = ResourceType::memory;
    /// A namespace. Empty for memory and namespaces means "at least one of them": a gate before
    /// the names are known (search, list); the caller then narrows by namespace_patterns() or
    /// authorizes each name.
    std::string name;
};

/// Some values of one of the enums above, which have at most eight.
template <class Value, unsigned kCount>
class SetOf {
  public:
    constexpr SetOf() = default;
    constexpr SetOf(std::initializer_list<Value> values) {
        for (const Value value : values) {
            bits_ = static_cast<std::uint8_t>(bits_ | bit(value));
        }
    }
    static constexpr SetOf all() {
        SetOf set;
        set.bits_ = static_cast<std::uint8_t>((1u << kCount) - 1);
        return set;
    }
    constexpr bool contains(Value value) const { return (bits_ & bit(value)) != 0; }
    constexpr bool empty() const { return bits_ == 0; }
    constexpr void add(Value value) { bits_ = static_cast<std::uint8_t>(bits_ | bit(value)); }
    /// In the order of the enum.
    std::vector<Value> values() const {
        std::vector<Value> found;
        for (unsigned i = 0; i < kCount; ++i) {
            if (contains(static_cast<Value>(i))) {
                found.push_back(static_cast<Value>(i));
            }
        }
        return found;
    }
    constexpr bool operator==(const SetOf&) const = default;

  private:
    // A value that is none of the enum's has no bit, so no set contains it.
    static constexpr std::uint8_t bit(Value value) {
        const auto index = static_cast<unsigned>(value);
        return index < kCount ? static_cast<std::uint8_t>(1u << index) : std::uint8_t{0};
    }
    std::uint8_t bits_ = 0;
};
using ActionSet = SetOf<Action, 5>;
using ResourceTypeSet = SetOf<ResourceType, 7>;

std::string_view name_of(PrincipalKind kind);
std::string_view name_of(Role role);
std::string_view name_of(Action action);
std::string_view name_of(ResourceType type);
Result<PrincipalKind> parse_principal_kind(std::string_view text);
Result<Role> parse_role(std::string_view text);
Result<Action> parse_action(std::string_view text);
Result<ResourceType> parse_resource_type(std::string_view text);
/// "memory:NAME" or "namespaces:NAME" (without a name: any), else a type alone.
Result<Resource> parse_resource(std::string_view text);
/// As parse_resource() reads it.
std::string text_of(const Resource& resource);

/// A role over the namespaces that match a pattern; `deny` takes away what other grants give. Of
/// what the role has, `actions` and `types` leave what both name: a grant gives no more than its
/// role does.
struct Grant {
    Role role = Role::readonly;
    std::string namespace_pattern = "*";
    bool deny = false;
    ActionSet actions = ActionSet::all();
    ResourceTypeSet types = ResourceTypeSet::all();
    std::optional<WallTime> expires_at = {};  ///< from then on as if it were not there
    // Of the principal, as long as the grant counts; of several grants the smallest. Not with deny.
    std::optional<std::uint32_t> requests_per_second = {};
    std::optional<std::uint32_t> concurrency_max = {};

    bool operator==(const Grant&) const = default;
};

/// Somebody who was authenticated. Immutable; shared by snapshot, never changed in place.
struct Principal {
    PrincipalId id;
    std::string name;
    PrincipalKind kind = PrincipalKind::user;
    std::vector<Grant> grants;
    std::string key_id;                        ///< of the API key that was used; never the key
    std::string session_id = {};               ///< of the session that was used instead of a key
    bool second_factor = false;                ///< the session began with one
    std::string provider = {};                 ///< outside, which vouches for it; empty for our own
    std::optional<WallTime> valid_until = {};  ///< of the token or certificate that was used
};
using PrincipalSnapshot = std::shared_ptr<const Principal>;

struct ApiKeyDetails {
    std::string key_id;
    PrincipalId principal;
    std::string label;
    WallTime created_at;
    std::optional<WallTime> expires_at;
    std::optional<WallTime> revoked_at;
};

struct SessionDetails {
    std::string session_id;
    PrincipalId principal;
    WallTime created_at;
    WallTime last_used_at;  ///< to the minute or so
    WallTime expires_at;    ///< however much it is used
    std::optional<WallTime> revoked_at;
    std::string remote_address;  ///< of the login
    bool second_factor = false;  ///< the login had one
};

struct PrincipalDetails {
    PrincipalId id;
    std::string name;
    PrincipalKind kind = PrincipalKind::user;
    bool disabled = false;
    std::vector<Grant> grants;
    WallTime created_at;
};

}  // namespace pgmind::security
