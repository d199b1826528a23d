#include "commands/grants.hpp"

#include "platform/json/writer.hpp"

namespace pgmind::app {
namespace {

// The one role that is about no namespace.
constexpr std::string_view kWithoutNamespaces = "auditor";
constexpr std::string_view kEverywhere = "*";

std::vector<std::string> texts_of(const JsonNode& array) {
    std::vector<std::string> texts;
    for (const JsonNode& item : array.items()) {
        texts.push_back(item.text());
    }
    return texts;
}

std::string narrowing_of(const GrantText& grant) {
    std::string text;
    const auto add = [&text](const std::string& part) {
        text += (text.empty() ? "" : ", ") + part;
    };
    for (const auto* words : {&grant.actions, &grant.resource_types}) {
        std::string only;
        for (const std::string& word : *words) {
            only += (only.empty() ? "only " : " ") + word;
        }
        if (!only.empty()) {
            add(only);
        }
    }
    if (!grant.expires_at.empty()) {
        add("until " + grant.expires_at);
    }
    if (grant.requests_per_second > 0) {
        add(std::to_string(grant.requests_per_second) + "/s");
    }
    if (grant.concurrency_max > 0) {
        add(std::to_string(grant.concurrency_max) + " at once");
    }
    return text.empty() ? "" : " (" + text + ")";
}

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
    return (grant.deny ? "not " : "") + grant.role + where + narrowing_of(grant);
}

GrantText grant_of(const JsonNode& object) {
    GrantText grant;
    grant.role = object["role"].text();
    grant.namespace_pattern = object["namespace_pattern"].text();
    grant.deny = object["deny"].truth();
    grant.actions = texts_of(object["actions"]);
    grant.resource_types = texts_of(object["resource_types"]);
    grant.expires_at = object["expires_at"].text();
    grant.requests_per_second = object["requests_per_second"].integer();
    grant.concurrency_max = object["concurrency_max"].integer();
    return grant;
}

std::vector<GrantText> grants_of(const JsonNode& array) {
    std::vector<GrantText> grants;
    for (const JsonNode& item : array.items()) {
        grants.push_back(grant_of(item));
    }
    return grants;
}

void append_grants(std::string& out, const std::vector<GrantText>& grants) {
    json::append_array(out, grants, [&out](const GrantText& grant) {
        json::ObjectWriter object(out);
        object.string("role", grant.role)
            .string("namespace_pattern", grant.namespace_pattern)
            .boolean("deny", grant.deny);
        if (!grant.actions.empty()) {
            object.strings("actions", grant.actions);
        }
        if (!grant.resource_types.empty()) {
            object.strings("resource_types", grant.resource_types);
        }
        if (!grant.expires_at.empty()) {
            object.string("expires_at", grant.expires_at);
        }
        if (grant.requests_per_second > 0) {
            object.number("requests_per_second", grant.requests_per_second);
        }
        if (grant.concurrency_max > 0) {
            object.number("concurrency_max", grant.concurrency_max);
        }
        object.end();
    });
}

}  // namespace pgmind::app
