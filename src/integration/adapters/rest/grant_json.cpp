#include "integration/adapters/rest/grant_json.hpp"

#include <limits>

#include "platform/json/writer.hpp"

namespace pgmind::integration::rest {
namespace {

using json::FieldReader;
using json::ObjectWriter;
using security::ActionSet;
using security::Grant;
using security::ResourceTypeSet;

constexpr std::size_t kGrantsMax = 256;

template <class Set>
void append_set(ObjectWriter& object, std::string_view name, const Set& set) {
    if (set == Set::all()) {
        return;
    }
    std::vector<std::string> words;
    for (const auto value : set.values()) {
        words.emplace_back(name_of(value));
    }
    object.strings(name, words);
}

template <class Set, class Parse>
Set read_set(FieldReader& reader, std::string_view name, Parse parse) {
    const auto words = reader.optional_strings(name);
    if (!words) {
        return Set::all();
    }
    Set set;
    for (const std::string& word : *words) {
        const auto value = parse(word);
        if (!value) {
            reader.refuse(name, value.error().detail);
            return set;
        }
        set.add(*value);
    }
    return set;
}

std::optional<std::uint32_t> read_limit(FieldReader& reader, std::string_view name) {
    const auto limit = reader.optional_integer(name);
    if (!limit) {
        return std::nullopt;
    }
    if (*limit < 1 || *limit > std::numeric_limits<std::uint32_t>::max()) {
        reader.refuse(name, "must be a positive whole number");
        return std::nullopt;
    }
    return static_cast<std::uint32_t>(*limit);
}

std::optional<WallTime> read_time(FieldReader& reader, std::string_view name) {
    const auto text = reader.optional_string(name);
    if (!text) {
        return std::nullopt;
    }
    const auto time = parse_time(*text);
    if (!time) {
        reader.refuse(name, time.error().detail);
        return std::nullopt;
    }
    return *time;
}

Grant read_grant(FieldReader& outer, const json::Object& object) {
    Grant grant;
    FieldReader reader(object);
    const auto role = security::parse_role(reader.require_string("role"));
    if (!role) {
        reader.refuse("role", role.error().detail);
    } else {
        grant.role = *role;
    }
    // Forgetting the pattern must not give every namespace; the auditor's role is about none.
    if (role && *role == security::Role::auditor) {
        grant.namespace_pattern = reader.optional_string("namespace_pattern").value_or("*");
    } else {
        grant.namespace_pattern = reader.require_string("namespace_pattern");
    }
    grant.deny = reader.optional_boolean("deny").value_or(false);
    grant.actions = read_set<ActionSet>(reader, "actions", security::parse_action);
    grant.types =
        read_set<ResourceTypeSet>(reader, "resource_types", security::parse_resource_type);
    grant.expires_at = read_time(reader, "expires_at");
    grant.requests_per_second = read_limit(reader, "requests_per_second");
    grant.concurrency_max = read_limit(reader, "concurrency_max");
    if (auto finished = reader.finish(); !finished) {
        outer.refuse(std::move(finished.error()));
    }
    return grant;
}

}  // namespace

void append_grant(std::string& out, const Grant& grant) {
    ObjectWriter object(out);
    object.string("role", name_of(grant.role))
        .string("namespace_pattern", grant.namespace_pattern)
        .boolean("deny", grant.deny);
    append_set(object, "actions", grant.actions);
    append_set(object, "resource_types", grant.types);
    if (grant.expires_at) {
        object.string("expires_at", format_time(*grant.expires_at));
    }
    if (grant.requests_per_second) {
        object.number("requests_per_second", static_cast<std::int64_t>(*grant.requests_per_second));
    }
    if (grant.concurrency_max) {
        object.number("concurrency_max", static_cast<std::int64_t>(*grant.concurrency_max));
    }
    object.end();
}

void append_grants(std::string& out, const std::vector<Grant>& grants) {
    json::append_array(out, grants, [&out](const Grant& grant) { append_grant(out, grant); });
}

std::vector<Grant> read_grants(FieldReader& reader) {
    std::vector<Grant> grants;
    const auto objects = reader.optional_objects("grants");
    if (!objects) {
        return grants;
    }
    if (objects->size() > kGrantsMax) {
        reader.refuse("grants", "has more than 256 grants");
        return grants;
    }
    for (const json::Object& object : *objects) {
        grants.push_back(read_grant(reader, object));
    }
    return grants;
}

}  // namespace pgmind::integration::rest
