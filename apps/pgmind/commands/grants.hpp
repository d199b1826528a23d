#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "client/json_node.hpp"

namespace pgmind::app {

/// A grant as it stands on the command line and in JSON. Which roles there are the server knows.
struct GrantText {
    std::string role;
    std::string namespace_pattern;
    bool deny = false;
    // What narrows it; empty or zero where nothing does.
    std::vector<std::string> actions = {};
    std::vector<std::string> resource_types = {};
    std::string expires_at = {};
    std::int64_t requests_per_second = 0;
    std::int64_t concurrency_max = 0;
    bool operator==(const GrantText&) const = default;
};

/// Reads ROLE:PATTERN, or just auditor. No other role is taken for all namespaces unasked.
Result<GrantText> parse_grant(std::string_view text, bool deny);

/// "readonly:notes", "not mcp_user:secret/* (only delete)", "auditor".
std::string describe(const GrantText& grant);

/// One object of that array.
GrantText grant_of(const JsonNode& object);
/// Those in the array of a principal.
std::vector<GrantText> grants_of(const JsonNode& array);

/// Appends the array.
void append_grants(std::string& out, const std::vector<GrantText>& grants);

}  // namespace pgmind::app
