#include "integration/adapters/filter_json.hpp"

#include <array>
#include <utility>

#include "platform/json/field_reader.hpp"

namespace pgmind::integration {
namespace {

using json::Kind;
using memory::Filter;
using memory::FilterOperator;
using memory::FilterValue;

struct NamedOperator {
    std::string_view name;
    FilterOperator operation;
};

constexpr std::array kComparisons = {
    NamedOperator{"eq", FilterOperator::equal},
    NamedOperator{"ne", FilterOperator::not_equal},
    NamedOperator{"lt", FilterOperator::less},
    NamedOperator{"lte", FilterOperator::less_or_equal},
    NamedOperator{"gt", FilterOperator::greater},
    NamedOperator{"gte", FilterOperator::greater_or_equal},
    NamedOperator{"in", FilterOperator::one_of},
    NamedOperator{"contains", FilterOperator::contains},
    NamedOperator{"exists", FilterOperator::exists},
};

std::optional<FilterOperator> comparison_named(std::string_view name) {
    for (const NamedOperator& candidate : kComparisons) {
        if (candidate.name == name) {
            return candidate.operation;
        }
    }
    return std::nullopt;
}

Result<FilterValue> read_scalar(const json::Value& value, std::string path) {
    switch (value.kind()) {
        case Kind::null:
            return FilterValue(nullptr);
        case Kind::boolean:
            return FilterValue(value.text() == "true");
        case Kind::string:
            return FilterValue(json::decode_string(value));
        case Kind::number:
            if (const auto integer = json::to_integer(value)) {
                return FilterValue(*integer);
            }
            if (const auto number = json::to_number(value)) {
                return FilterValue(*number);
            }
            return fail(invalid_argument(std::move(path), "is too large for a number"));
        case Kind::array:
        case Kind::object:
            break;
    }
    return fail(
        invalid_argument(std::move(path), "must be a string, a number, a boolean or null, not " +
                                              std::string(json::name_of(value.kind()))));
}

// "a.b" by dots; "/a.b/c" as a JSON Pointer (RFC 6901).
Result<std::vector<std::string>> split_name(const std::string& name, const std::string& path) {
    const bool pointer = name.starts_with('/');
    std::vector<std::string> segments(1);
    for (std::size_t i = pointer ? 1 : 0; i < name.size(); ++i) {
        const char c = name[i];
        if (c == (pointer ? '/' : '.')) {
            segments.emplace_back();
        } else if (pointer && c == '~') {
            const char code = i + 1 < name.size() ? name[++i] : ' ';
            if (code != '0' && code != '1') {
                return fail(
                    invalid_argument(path, "in a JSON Pointer ~ is written ~0 and / is ~1"));
            }
            segments.back() += code == '0' ? '~' : '/';
        } else {
            segments.back() += c;
        }
    }
    for (const std::string& segment : segments) {
        if (segment.empty() && !pointer) {
            return fail(invalid_argument(path, "names no metadata field: write \"a\" or \"a.b\""));
        }
    }
    return segments;
}

Result<Filter> read_comparison(FilterOperator operation, const std::vector<std::string>& segments,
                               const json::Value& value, const std::string& path) {
    Filter filter;
    filter.operation = operation;
    filter.path = segments;
    if (operation != FilterOperator::one_of) {
        auto scalar = read_scalar(value, path);
        if (!scalar) {
            return fail(std::move(scalar.error()));
        }
        if (operation == FilterOperator::exists && !std::holds_alternative<bool>(*scalar)) {
            return fail(invalid_argument(path, "must be true or false"));
        }
        filter.values.push_back(std::move(*scalar));
        return filter;
    }
    if (value.kind() != Kind::array) {
        return fail(invalid_argument(path, "must be an array of values"));
    }
    for (const json::Value& element : json::elements(value)) {
        auto scalar = read_scalar(element, json::join_path(path, filter.values.size()));
        if (!scalar) {
            return fail(std::move(scalar.error()));
        }
        filter.values.push_back(std::move(*scalar));
    }
    if (filter.values.empty()) {
        return fail(invalid_argument(path, "must hold at least one value"));
    }
    return filter;
}

Result<Filter> all_of(std::vector<Filter> children, const std::string& path) {
    if (children.empty()) {
        return fail(invalid_argument(path, "must name at least one condition"));
    }
    if (children.size() == 1) {
        return std::move(children.front());
    }
    Filter filter;
    filter.operation = FilterOperator::all_of;
    filter.children = std::move(children);
    return filter;
}

// {"gte": 1, "lt": 5}, or a scalar that stands for {"eq": scalar}.
Result<Filter> read_field(const json::Member& member, const std::string& path) {
    const auto segments = split_name(member.name, path);
    if (!segments) {
        return fail(segments.error());
    }
    if (member.value.kind() == Kind::array) {
        return fail(invalid_argument(
            path,
            R"(write {"in": [...]} for one of several values, {"contains": x} for an array)"));
    }
    if (member.value.kind() != Kind::object) {
        return read_comparison(FilterOperator::equal, *segments, member.value, path);
    }
    const auto object = json::Object::of(member.value, path);
    if (!object) {
        return fail(object.error());
    }
    std::vector<Filter> children;
    for (const json::Member& part : object->members()) {
        const std::string part_path = object->path_of(part.name);
        const auto operation = comparison_named(part.name);
        if (!operation) {
            return fail(invalid_argument(part_path,
                                         "is no operator; there are eq, ne, lt, lte, gt, gte, in, "
                                         "contains and exists (nested fields: \"a.b\")"));
        }
        auto child = read_comparison(*operation, *segments, part.value, part_path);
        if (!child) {
            return fail(std::move(child.error()));
        }
        children.push_back(std::move(*child));
    }
    return all_of(std::move(children), path);
}

Result<Filter> read_conditions(const json::Value& value, const std::string& path);

Result<Filter> read_list(FilterOperator operation, const json::Value& value,
                         const std::string& path) {
    if (value.kind() != Kind::array) {
        return fail(invalid_argument(path, "must be an array of filters"));
    }
    Filter filter;
    filter.operation = operation;
    for (const json::Value& element : json::elements(value)) {
        auto child = read_conditions(element, json::join_path(path, filter.children.size()));
        if (!child) {
            return fail(std::move(child.error()));
        }
        filter.children.push_back(std::move(*child));
    }
    if (filter.children.empty()) {
        return fail(invalid_argument(path, "must hold at least one filter"));
    }
    return filter;
}

Result<Filter> read_not(const json::Value& value, const std::string& path) {
    auto child = read_conditions(value, path);
    if (!child) {
        return child;
    }
    Filter filter;
    filter.operation = FilterOperator::none_of;
    filter.children.push_back(std::move(*child));
    return filter;
}

Result<Filter> read_member(const json::Member& member, const std::string& path) {
    if (member.name == "and") {
        return read_list(FilterOperator::all_of, member.value, path);
    }
    if (member.name == "or") {
        return read_list(FilterOperator::any_of, member.value, path);
    }
    if (member.name == "not") {
        return read_not(member.value, path);
    }
    return read_field(member, path);
}

// The depth of the recursion is bounded by the depth that json::parse allows.
Result<Filter> read_conditions(const json::Value& value, const std::string& path) {
    const auto object = json::Object::of(value, path);
    if (!object) {
        return fail(object.error());
    }
    std::vector<Filter> children;
    for (const json::Member& member : object->members()) {
        auto child = read_member(member, object->path_of(member.name));
        if (!child) {
            return child;
        }
        children.push_back(std::move(*child));
    }
    return all_of(std::move(children), path);
}

}  // namespace

Result<std::optional<memory::Filter>> read_filter(const json::Value& value, std::string path) {
    const auto object = json::Object::of(value, path);
    if (object && object->members().empty()) {
        return std::optional<memory::Filter>();
    }
    auto filter = read_conditions(value, path);
    if (!filter) {
        return fail(std::move(filter.error()));
    }
    return std::optional<memory::Filter>(std::move(*filter));
}

}  // namespace pgmind::integration
