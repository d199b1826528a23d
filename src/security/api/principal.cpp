#include "security/api/principal.hpp"

#include <array>

#include "security/api/events.hpp"
#include "security/api/security.hpp"

namespace pgmind::security {
namespace {

constexpr std::array<std::string_view, 3> kKindNames = {"user", "service", "ai_agent"};
constexpr std::array<std::string_view, 5> kRoleNames = {"admin", "app_user", "mcp_user", "readonly",
                                                        "auditor"};
constexpr std::array<std::string_view, 5> kActionNames = {"read", "write", "delete", "execute",
                                                          "admin"};
constexpr std::array<std::string_view, 7> kResourceNames = {
    "memory", "namespaces", "cluster", "principals", "audit", "metrics", "traces"};

template <class Enum, std::size_t N>
Result<Enum> parse(const std::array<std::string_view, N>& names, std::string_view text,
                   const char* field) {
    std::string known;
    for (std::size_t i = 0; i < N; ++i) {
        if (names[i] == text) {
            return static_cast<Enum>(i);
        }
        known += (i == 0 ? "" : ", ") + std::string(names[i]);
    }
    return fail(invalid_argument(field, std::string(field) + " is one of " + known));
}

}  // namespace

std::string_view name_of(PrincipalKind kind) {
    return kKindNames[static_cast<std::size_t>(kind)];
}
std::string_view name_of(Role role) {
    return kRoleNames[static_cast<std::size_t>(role)];
}
std::string_view name_of(Action action) {
    return kActionNames[static_cast<std::size_t>(action)];
}
std::string_view name_of(ResourceType type) {
    return kResourceNames[static_cast<std::size_t>(type)];
}
Result<PrincipalKind> parse_principal_kind(std::string_view text) {
    return parse<PrincipalKind>(kKindNames, text, "kind");
}
Result<Role> parse_role(std::string_view text) {
    return parse<Role>(kRoleNames, text, "role");
}
Result<Action> parse_action(std::string_view text) {
    return parse<Action>(kActionNames, text, "action");
}
Result<ResourceType> parse_resource_type(std::string_view text) {
    return parse<ResourceType>(kResourceNames, text, "resource_type");
}

Result<Resource> parse_resource(std::string_view text) {
    const std::size_t colon = text.find(':');
    const auto type = parse_resource_type(text.substr(0, colon));
    if (!type) {
        return fail(invalid_argument("resource", type.error().detail));
    }
    Resource resource{*type, ""};
    if (colon != std::string_view::npos) {
        if (*type != ResourceType::memory && *type != ResourceType::namespaces) {
            return fail(
                invalid_argument("resource", "only memory and namespaces are of a namespace"));
        }
        resource.name = text.substr(colon + 1);
    }
    return resource;
}

std::string text_of(const Resource& resource) {
    std::string text(name_of(resource.type));
    return resource.name.empty() ? text : text + ":" + resource.name;
}

}  // namespace pgmind::security
