#include "integration/adapters/mcp/schema.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "platform/json/field_reader.hpp"

namespace pgmind::integration::mcp {
namespace {

using json::Kind;

constexpr std::string_view kReferencePrefix = "#/$defs/";

struct NamedType {
    std::string_view name;
    unsigned bit;
};
constexpr unsigned kInteger = 1U << 6U;
constexpr std::array kTypes = {NamedType{"null", 1U << 0U},   NamedType{"boolean", 1U << 1U},
                               NamedType{"number", 1U << 2U}, NamedType{"string", 1U << 3U},
                               NamedType{"array", 1U << 4U},  NamedType{"object", 1U << 5U},
                               NamedType{"integer", kInteger}};
constexpr std::array<std::string_view, 5> kAnnotations = {"description", "title", "default",
                                                          "examples", "format"};

unsigned bit_of_type(std::string_view name) {
    for (const NamedType& type : kTypes) {
        if (type.name == name) {
            return type.bit;
        }
    }
    return 0;
}

// JSON Schema counts 1.0 as an integer too; our integers are written without a point.
unsigned bits_of(const json::Value& value) {
    switch (value.kind()) {
        case Kind::null:
            return 1U << 0U;
        case Kind::boolean:
            return 1U << 1U;
        case Kind::number:
            return (1U << 2U) | (json::to_integer(value) ? kInteger : 0U);
        case Kind::string:
            return 1U << 3U;
        case Kind::array:
            return 1U << 4U;
        case Kind::object:
            break;
    }
    return 1U << 5U;
}

std::size_t count_characters(std::string_view utf8) {
    return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    }));
}

std::string number_text(double number) {
    const bool whole = number == std::floor(number) && std::abs(number) < 1e15;
    return whole ? std::to_string(static_cast<long long>(number)) : std::to_string(number);
}

// Equal as JSON texts, or as strings whose escapes differ.
bool is_same(const std::string& allowed, const json::Value& value) {
    return allowed == value.text() ||
           (value.kind() == Kind::string && allowed.front() == '"' &&
            allowed.substr(1, allowed.size() - 2) == json::decode_string(value));
}

tl::unexpected<Error> broken(const std::string& path, std::string rule) {
    return fail(invalid_argument(path, std::move(rule)));
}

// "must have from 1 to 5 characters", whichever bounds there are.
std::string bounds(std::string_view verb, std::optional<double> minimum,
                   std::optional<double> maximum, std::string_view unit) {
    std::string text(verb);
    if (minimum && maximum) {
        text += " from " + number_text(*minimum) + " to " + number_text(*maximum);
    } else if (minimum) {
        text += " at least " + number_text(*minimum);
    } else {
        text += " at most " + number_text(maximum.value_or(0));
    }
    return text + std::string(unit);
}

}  // namespace

struct Schema::Node {
    unsigned types = 0;  // bits; none: any
    std::string type_names;
    std::string reference;             // name under $defs; empty: none
    std::vector<std::string> allowed;  // JSON texts of enum or const; empty: any
    std::optional<double> minimum;
    std::optional<double> maximum;
    std::optional<double> length_min;
    std::optional<double> length_max;
    std::optional<double> items_min;
    std::optional<double> items_max;
    std::unique_ptr<Node> items;
    std::vector<std::string> required;
    std::vector<std::pair<std::string, std::unique_ptr<Node>>> properties;
    bool open = true;  // additionalProperties

    const Node* property(std::string_view name) const {
        for (const auto& [known, node] : properties) {
            if (known == name) {
                return node.get();
            }
        }
        return nullptr;
    }
};

struct Schema::Compiler {
    Unknown unknown;
    std::vector<std::pair<std::string, std::unique_ptr<Node>>> definitions;

    Result<std::unique_ptr<Node>> compile(const json::Value& value, const std::string& path) {
        const auto object = json::Object::of(value, path);
        if (!object) {
            return fail(object.error());
        }
        auto node = std::make_unique<Node>();
        for (const json::Member& member : object->members()) {
            auto read = read_keyword(*node, member, object->path_of(member.name));
            if (!read) {
                return fail(std::move(read.error()));
            }
        }
        return node;
    }

    Result<void> read_keyword(Node& node, const json::Member& member, const std::string& path) {
        const std::string& name = member.name;
        if (std::find(kAnnotations.begin(), kAnnotations.end(), name) != kAnnotations.end()) {
            return {};
        }
        if (std::optional<double>* bound = bound_named(node, name)) {
            *bound = json::to_number(member.value);
            return bound->has_value() ? Result<void>() : broken(path, "must be a number");
        }
        if (name == "type") {
            return read_types(node, member.value, path);
        }
        if (name == "enum" || name == "const") {
            read_allowed(node, member.value, name == "const");
            return {};
        }
        if (name == "required") {
            for (const json::Value& element : json::elements(member.value)) {
                node.required.push_back(json::decode_string(element));
            }
            return {};
        }
        return read_structure(node, member, path);
    }

    Result<void> read_structure(Node& node, const json::Member& member, const std::string& path) {
        if (member.name == "properties") {
            return compile_all(member.value, path, node.properties);
        }
        if (member.name == "$defs") {
            return compile_all(member.value, path, definitions);
        }
        if (member.name == "items") {
            auto items = compile(member.value, path);
            if (!items) {
                return fail(std::move(items.error()));
            }
            node.items = std::move(*items);
            return {};
        }
        if (member.name == "additionalProperties" && member.value.kind() == Kind::boolean) {
            node.open = member.value.text() == "true";
            return {};
        }
        const std::string reference = json::decode_string(member.value);
        if (member.name == "$ref" && reference.starts_with(kReferencePrefix)) {
            node.reference = reference.substr(kReferencePrefix.size());
            return {};
        }
        return unknown == Unknown::ignore ? Result<void>()
                                          : broken(path, "is no keyword that is checked here");
    }

    Result<void> compile_all(const json::Value& value, const std::string& path,
                             std::vector<std::pair<std::string, std::unique_ptr<Node>>>& into) {
        const auto object = json::Object::of(value, path);
        if (!object) {
            return fail(object.error());
        }
        for (const json::Member& member : object->members()) {
            auto node = compile(member.value, object->path_of(member.name));
            if (!node) {
                return fail(std::move(node.error()));
            }
            into.emplace_back(member.name, std::move(*node));
        }
        return {};
    }

    static std::optional<double>* bound_named(Node& node, std::string_view name) {
        const std::array<std::pair<std::string_view, std::optional<double>*>, 6> all = {
            {{"minimum", &node.minimum},
             {"maximum", &node.maximum},
             {"minLength", &node.length_min},
             {"maxLength", &node.length_max},
             {"minItems", &node.items_min},
             {"maxItems", &node.items_max}}};
        for (const auto& [known, bound] : all) {
            if (known == name) {
                return bound;
            }
        }
        return nullptr;
    }

    static Result<void> read_types(Node& node, const json::Value& value, const std::string& path) {
        const bool several = value.kind() == Kind::array;
        for (const json::Value& element :
             several ? json::elements(value) : std::vector<json::Value>{value}) {
            const std::string name = json::decode_string(element);
            const unsigned bit = bit_of_type(name);
            if (bit == 0) {
                return broken(path, "names no type");
            }
            node.types |= bit;
            node.type_names += (node.type_names.empty() ? "" : " or ") + name;
        }
        return {};
    }

    static void read_allowed(Node& node, const json::Value& value, bool single) {
        for (const json::Value& element :
             single ? std::vector<json::Value>{value} : json::elements(value)) {
            node.allowed.emplace_back(element.text());
        }
    }
};

Schema::Schema(std::unique_ptr<Node> root,
               std::vector<std::pair<std::string, std::unique_ptr<Node>>> definitions)
    : root_(std::move(root)), definitions_(std::move(definitions)) {}
Schema::Schema(Schema&&) noexcept = default;
Schema& Schema::operator=(Schema&&) noexcept = default;
Schema::~Schema() = default;

Result<Schema> Schema::compile(std::string_view text, Unknown unknown) {
    const auto value = json::parse(text, json::ReadLimits{});
    if (!value) {
        return fail(value.error());
    }
    Compiler compiler{unknown, {}};
    auto root = compiler.compile(*value, "");
    if (!root) {
        return fail(std::move(root.error()));
    }
    return Schema(std::move(*root), std::move(compiler.definitions));
}

const Schema::Node* Schema::definition(std::string_view name) const {
    for (const auto& [known, node] : definitions_) {
        if (known == name) {
            return node.get();
        }
    }
    return nullptr;
}

Result<void> Schema::check(const json::Value& value, const std::string& path) const {
    return check_node(*root_, value, path);
}

Result<void> Schema::check_node(const Node& node, const json::Value& value,
                                const std::string& path) const {
    if (!node.reference.empty()) {
        const Node* target = definition(node.reference);
        return target == nullptr ? broken(path, "refers to an unknown definition")
                                 : check_node(*target, value, path);
    }
    if (node.types != 0 && (node.types & bits_of(value)) == 0) {
        return broken(path, "must be of type " + node.type_names + ", not " +
                                std::string(json::name_of(value.kind())));
    }
    if (!node.allowed.empty() &&
        std::none_of(node.allowed.begin(), node.allowed.end(),
                     [&](const std::string& allowed) { return is_same(allowed, value); })) {
        std::string list;
        for (const std::string& allowed : node.allowed) {
            list += (list.empty() ? "" : ", ") + allowed;
        }
        return broken(path, "must be one of " + list);
    }
    if (value.kind() == Kind::number && (node.minimum || node.maximum)) {
        const double number = json::to_number(value).value_or(HUGE_VAL);
        if ((node.minimum && number < *node.minimum) || (node.maximum && number > *node.maximum)) {
            return broken(path, bounds("must be", node.minimum, node.maximum, ""));
        }
    }
    if (value.kind() == Kind::string && (node.length_min || node.length_max)) {
        const auto length = static_cast<double>(count_characters(json::decode_string(value)));
        if ((node.length_min && length < *node.length_min) ||
            (node.length_max && length > *node.length_max)) {
            return broken(path,
                          bounds("must have", node.length_min, node.length_max, " characters"));
        }
    }
    if (value.kind() == Kind::array) {
        return check_array(node, value, path);
    }
    return value.kind() == Kind::object ? check_object(node, value, path) : Result<void>();
}

Result<void> Schema::check_array(const Node& node, const json::Value& value,
                                 const std::string& path) const {
    if (!node.items && !node.items_min && !node.items_max) {
        return {};
    }
    const std::vector<json::Value> elements = json::elements(value);
    const auto count = static_cast<double>(elements.size());
    if ((node.items_min && count < *node.items_min) ||
        (node.items_max && count > *node.items_max)) {
        return broken(path, bounds("must have", node.items_min, node.items_max, " elements"));
    }
    for (std::size_t i = 0; node.items && i < elements.size(); ++i) {
        auto checked = check_node(*node.items, elements[i], json::join_path(path, i));
        if (!checked) {
            return checked;
        }
    }
    return {};
}

Result<void> Schema::check_object(const Node& node, const json::Value& value,
                                  const std::string& path) const {
    if (node.properties.empty() && node.required.empty() && node.open) {
        return {};
    }
    const auto object = json::Object::of(value, path);
    if (!object) {
        return fail(object.error());
    }
    for (const std::string& name : node.required) {
        if (object->find(name) == nullptr) {
            return broken(object->path_of(name), "is required");
        }
    }
    for (const json::Member& member : object->members()) {
        const Node* property = node.property(member.name);
        if (property == nullptr && !node.open) {
            std::string names;
            for (const auto& [known, unused] : node.properties) {
                names += (names.empty() ? "" : ", ") + known;
            }
            return broken(object->path_of(member.name), names.empty()
                                                            ? "is unknown; there are no arguments"
                                                            : "is unknown; there are: " + names);
        }
        if (property == nullptr) {
            continue;
        }
        auto checked = check_node(*property, member.value, object->path_of(member.name));
        if (!checked) {
            return checked;
        }
    }
    return {};
}

}  // namespace pgmind::integration::mcp
