#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "memory/api/entry.hpp"

namespace pgmind::integration::rest {

/// The entity tag of an entry: "VERSION-ID", quoted. The id makes the tag of an entry that was
/// deleted and made anew another one, though both begin at version 1.
std::string entity_tag(const memory::Entry& entry);

/// What If-Match asks for: any version (`*`), or exactly one.
struct VersionCondition {
    bool any = false;
    std::int64_t version = 0;
};

/// Reads If-Match: `*`, or one strong tag, either as it was given ("7-ID") or just the version
/// ("7"). Anything else is an invalid_argument naming the field.
Result<VersionCondition> parse_if_match(std::string_view text);

/// True when a list of If-None-Match holds the tag (compared weakly, RFC 9110) or `*`.
bool none_match_holds(std::string_view text, std::string_view tag);

}  // namespace pgmind::integration::rest
