#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace pgmind::integration::mcp {

/// What a pgmind:// URI names.
struct NamespacesResource {
    bool operator==(const NamespacesResource&) const = default;
};
struct NamespaceResource {
    std::string namespace_name;
    bool operator==(const NamespaceResource&) const = default;
};
struct EntryResource {
    std::string namespace_name;
    std::string key;
    bool operator==(const EntryResource&) const = default;
};
struct ClusterStatusResource {
    bool operator==(const ClusterStatusResource&) const = default;
};
using ResourceAddress =
    std::variant<NamespacesResource, NamespaceResource, EntryResource, ClusterStatusResource>;

inline constexpr std::string_view kNamespacesUri = "pgmind://namespaces";
inline constexpr std::string_view kClusterStatusUri = "pgmind://cluster/status";
inline constexpr std::string_view kNamespaceTemplate = "pgmind://namespaces/{namespace}";
inline constexpr std::string_view kEntryTemplate = "pgmind://namespaces/{namespace}/entries/{key}";

/// nullopt when the text is none of ours. Names are percent-decoded (RFC 3986) and must then be
/// UTF-8; a slash inside a name is written %2F.
std::optional<ResourceAddress> parse_resource_uri(std::string_view uri);

std::string format_resource_uri(const ResourceAddress& address);

}  // namespace pgmind::integration::mcp
