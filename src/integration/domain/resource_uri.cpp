#include "integration/domain/resource_uri.hpp"

#include <vector>

#include "base/text.hpp"

namespace pgmind::integration::mcp {
namespace {

constexpr std::string_view kHexDigits = "0123456789ABCDEF";

int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::optional<std::string> percent_decoded(std::string_view text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded += text[i];
            continue;
        }
        const int high = i + 1 < text.size() ? hex_value(text[i + 1]) : -1;
        const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
        if (high < 0 || low < 0) {
            return std::nullopt;
        }
        decoded += static_cast<char>(high * 16 + low);
        i += 2;
    }
    if (decoded.empty() || !is_utf8(decoded)) {
        return std::nullopt;
    }
    return decoded;
}

bool is_unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void append_encoded(std::string& out, std::string_view text) {
    for (const char c : text) {
        if (is_unreserved(c)) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '%';
        out += kHexDigits[byte >> 4U];
        out += kHexDigits[byte & 0xFU];
    }
}

std::vector<std::string_view> split(std::string_view path) {
    std::vector<std::string_view> parts;
    while (true) {
        const std::size_t slash = path.find('/');
        parts.push_back(path.substr(0, slash));
        if (slash == std::string_view::npos) {
            return parts;
        }
        path.remove_prefix(slash + 1);
    }
}

}  // namespace

std::optional<ResourceAddress> parse_resource_uri(std::string_view uri) {
    if (uri == kClusterStatusUri) {
        return ClusterStatusResource{};
    }
    if (uri == kNamespacesUri) {
        return NamespacesResource{};
    }
    const std::string prefix = std::string(kNamespacesUri) + "/";
    if (!uri.starts_with(prefix)) {
        return std::nullopt;
    }
    const std::vector<std::string_view> parts = split(uri.substr(prefix.size()));
    const auto name = percent_decoded(parts[0]);
    if (name && parts.size() == 1) {
        return NamespaceResource{*name};
    }
    if (!name || parts.size() != 3 || parts[1] != "entries") {
        return std::nullopt;
    }
    const auto key = percent_decoded(parts[2]);
    return key ? std::optional<ResourceAddress>(EntryResource{*name, *key}) : std::nullopt;
}

std::string format_resource_uri(const ResourceAddress& address) {
    if (std::holds_alternative<ClusterStatusResource>(address)) {
        return std::string(kClusterStatusUri);
    }
    std::string uri(kNamespacesUri);
    if (const auto* whole = std::get_if<NamespaceResource>(&address)) {
        uri += '/';
        append_encoded(uri, whole->namespace_name);
    } else if (const auto* entry = std::get_if<EntryResource>(&address)) {
        uri += '/';
        append_encoded(uri, entry->namespace_name);
        uri += "/entries/";
        append_encoded(uri, entry->key);
    }
    return uri;
}

}  // namespace pgmind::integration::mcp
