#include "commands/grants.hpp"

#include "platform/json/writer.hpp"

namespace pgmind::app {
namespace {

// The one role that is about no namespace.
constexpr std::string_view kWithoutNamespaces = "auditor";
constexpr std::string_view kEverywhere = "*";

}  // namespace

Result<GrantText> parse_grant(std::string_view text, bool deny) {
    const std::size_t colon = text.find(':');
    GrantText grant;
    grant.role = text.substr(0, colon);
    grant.deny = deny;
    if (colon != std::string_view::npos) {
        grant.namespace_pattern = text.substr(colon + 1);
    } else if (grant.role == kWithoutNamespaces) {
        grant.namespace_pattern = kEverywhere;
    }
    if (grant.role.empty() || grant.namespace_pattern.empty()) {
        return fail(invalid_argument("grant",
                                     "a grant is ROLE:PATTERN, such as readonly:notes (or "
                                     "readonly:* for all namespaces), not \"" +
                                         std::string(text) + "\""));
    }
    return grant;
}

std::string describe(const GrantText& grant) {
    const bool plain = grant.role == kWithoutNamespaces && grant.namespace_pattern == kEverywhere;
    const std::string where = plain ? std::string() : ":" + grant.namespace_pattern;
    return (grant.deny ? "not " : "") + grant.role + where;
}

std::vector<GrantText> grants_of(const JsonNode& array) {
    std::vector<GrantText> grants;
    for (const JsonNode& item : array.items()) {
        grants.push_back(
            {item["role"].text(), item["namespace_pattern"].text(), item["deny"].truth()});
    }
    return grants;
}

void append_grants(std::string& out, const std::vector<GrantText>& grants) {
    json::append_array(out, grants, [&out](const GrantText& grant) {
        json::ObjectWriter object(out);
        object.string("role", grant.role)
            .string("namespace_pattern", grant.namespace_pattern)
            .boolean("deny", grant.deny);
        object.end();
    });
}

}  // namespace pgmind::app
