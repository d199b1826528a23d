#pragma once

#include <optional>
#include <string>

#include "base/result.hpp"
#include "memory/api/filter.hpp"
#include "platform/json/value.hpp"

namespace pgmind::integration {

/// Reads the filter language of REST and MCP:
///
///   {"lang": "en",                          equal (a string, number, boolean or null)
///    "score": {"gte": 3, "lt": 7.5},        eq ne lt lte gt gte
///    "kind": {"in": ["note", "fact"]},      one of
///    "tags": {"contains": "urgent"},        the array contains
///    "author.email": {"exists": false},     a path into nested objects
///    "@created_at": {"gte": "2026-01-01T00:00:00Z"},
///    "or": [{...}, {...}], "and": [...], "not": {...}}
///
/// Members of one object must all hold. A name that begins with "/" is a JSON Pointer, for keys
/// with dots in them or called and, or, not ("/and/a.b"). An empty object gives no filter. Errors
/// name the place below `path` ("filter.or[1].score.gte"). Sizes are checked by the Memory context.
Result<std::optional<memory::Filter>> read_filter(const json::Value& value, std::string path);

}  // namespace pgmind::integration
