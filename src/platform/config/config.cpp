#include "platform/config/config.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <utility>

#include <toml++/toml.h>
#include <unistd.h>

namespace pgmind::config {
namespace {

constexpr std::string_view kPrefix = "PGMIND_";
constexpr std::string_view kMask = "********";
constexpr std::size_t kMemberBytesMax = 16;
constexpr std::size_t kMembersMax = 64;  // Of all families together.
constexpr std::size_t kTableDepthMax = 4;

std::string variable_of(std::string_view key) {
    std::string name(kPrefix);
    for (const char c : key) {
        name.push_back(c == '.' ? '_' : static_cast<char>(std::toupper(c)));
    }
    return name;
}

std::vector<std::string> split_list(std::string_view text) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const std::size_t comma = text.find(',');
        const std::string_view part = text.substr(0, comma);
        if (!part.empty()) {
            parts.emplace_back(part);
        }
        text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    }
    return parts;
}

bool is_family(std::string_view key) {
    return key.find('*') != std::string_view::npos;
}

// What stands for the star of a setting in a key; nullopt when the key is not of that family.
std::optional<std::string_view> member_of(std::string_view family, std::string_view key) {
    const std::size_t star = family.find('*');
    if (star == std::string_view::npos || !key.starts_with(family.substr(0, star))) {
        return std::nullopt;
    }
    const std::string_view rest = family.substr(star + 1);
    key.remove_prefix(star);
    if (key.size() <= rest.size() || !key.ends_with(rest)) {
        return std::nullopt;
    }
    key.remove_suffix(rest.size());
    const bool is_name =
        key.size() <= kMemberBytesMax && std::all_of(key.begin(), key.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
        });
    return is_name ? std::optional(key) : std::nullopt;
}

std::string key_of(std::string_view family, std::string_view member) {
    const std::size_t star = family.find('*');
    return std::string(family.substr(0, star)) + std::string(member) +
           std::string(family.substr(star + 1));
}

bool is_choice(std::string_view choices, std::string_view text) {
    while (true) {
        const std::size_t bar = choices.find('|');
        if (choices.substr(0, bar) == text) {
            return true;
        }
        if (bar == std::string_view::npos) {
            return false;
        }
        choices = choices.substr(bar + 1);
    }
}

// The value that `text` means for the setting, or what is wrong with it.
Result<Value> parse_value(const Setting& setting, std::string_view text) {
    Value value;
    value.text = std::string(text);
    switch (setting.type) {
        case Type::text:
            if (!setting.choices.empty() && !is_choice(setting.choices, text)) {
                return fail(invalid_argument(
                    std::string(setting.key),
                    std::string(setting.key) + " is one of " + std::string(setting.choices)));
            }
            break;
        case Type::integer: {
            const auto [end, error] =
                std::from_chars(text.data(), text.data() + text.size(), value.number);
            if (error != std::errc() || end != text.data() + text.size() ||
                value.number < setting.minimum || value.number > setting.maximum) {
                return fail(invalid_argument(std::string(setting.key),
                                             std::string(setting.key) + " is a whole number from " +
                                                 std::to_string(setting.minimum) + " to " +
                                                 std::to_string(setting.maximum)));
            }
            break;
        }
        case Type::boolean:
            value.flag = text == "true";
            if (text != "true" && text != "false") {
                return fail(invalid_argument(std::string(setting.key),
                                             std::string(setting.key) + " is true or false"));
            }
            break;
        case Type::text_list:
            value.list = split_list(text);
            break;
    }
    return value;
}

std::string_view origin_name(Origin origin) {
    switch (origin) {
        case Origin::built_in:
            return "default";
        case Origin::file:
            return "file";
        case Origin::environment:
            return "environment";
        case Origin::flag:
            break;
    }
    return "flag";
}

std::string toml_text(std::string_view text) {
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            quoted.push_back('\\');
        }
        quoted.push_back(c);
    }
    return quoted + "\"";
}

std::string toml_value(const Setting& setting, const Value& value) {
    if (setting.secret && !value.text.empty()) {
        return toml_text(kMask);
    }
    switch (setting.type) {
        case Type::integer:
        case Type::boolean:
            return value.text;
        case Type::text:
            return toml_text(value.text);
        case Type::text_list:
            break;
    }
    std::string list = "[";
    for (const std::string& element : value.list) {
        list += (list.size() > 1 ? ", " : "") + toml_text(element);
    }
    return list + "]";
}

const Setting* find_setting(std::span<const Setting> settings, std::string_view key) {
    const auto found = std::find_if(settings.begin(), settings.end(), [&](const Setting& one) {
        return one.key == key ? !is_family(key) : member_of(one.key, key).has_value();
    });
    return found == settings.end() ? nullptr : &*found;
}

}  // namespace

class Loader {
  public:
    explicit Loader(std::span<const Setting> settings) {
        outcome_.configuration.settings_ = settings;
        for (const Setting& setting : settings) {
            Result<Value> value = parse_value(setting, setting.default_value);
            if (!value) {
                throw std::logic_error("bad default: " + value.error().detail);
            }
            if (!is_family(setting.key)) {
                outcome_.configuration.values_.emplace(setting.key, std::move(*value));
            }
        }
    }

    void read_file(const std::string& path) {
        const toml::parse_result parsed = toml::parse_file(path);
        if (!parsed) {
            const toml::parse_error& error = parsed.error();
            problem(path + ":" + std::to_string(error.source().begin.line),
                    std::string(error.description()));
            return;
        }
        for (const auto& [section, node] : parsed.table()) {
            const toml::table* table = node.as_table();
            if (table == nullptr) {
                problem(path + ":" + std::to_string(node.source().begin.line),
                        "unknown key " + std::string(section.str()));
                continue;
            }
            read_table(path, std::string(section.str()), *table, 1);
        }
    }

    void read_environment(const Sources& sources) {
        for (const auto& [name, text] : sources.environment) {
            const Setting* setting = nullptr;
            for (const Setting& candidate : outcome_.configuration.settings_) {
                if (variable_of(candidate.key) == name && !is_family(candidate.key)) {
                    setting = &candidate;
                }
            }
            const auto& ignored = sources.ignored_variables;
            if (setting != nullptr) {
                set(name, *setting, setting->key, text, Origin::environment);
            } else if (std::find(ignored.begin(), ignored.end(), name) == ignored.end()) {
                problem(name, "unknown setting");
            }
        }
    }

    void read_flags(const Sources& sources) {
        for (const auto& [key, text] : sources.flags) {
            if (const Setting* setting = find(key)) {
                set("--" + key, *setting, key, text, Origin::flag);
            } else {
                problem("--set " + key, "unknown key " + key);
            }
        }
    }

    Outcome take() { return std::move(outcome_); }

  private:
    const Setting* find(std::string_view key) const {
        return find_setting(outcome_.configuration.settings_, key);
    }

    void read_table(const std::string& path, const std::string& prefix, const toml::table& table,
                    std::size_t depth) {
        for (const auto& [name, value] : table) {
            const std::string where = path + ":" + std::to_string(value.source().begin.line);
            const std::string key = prefix + "." + std::string(name.str());
            const toml::table* inner = value.as_table();
            if (inner != nullptr && find(key) == nullptr && depth < kTableDepthMax) {
                read_table(path, key, *inner, depth + 1);
            } else {
                read_node(where, key, value);
            }
        }
    }

    // Gives all settings of a new member their defaults.
    void add_member(const std::string& where, std::string_view family, std::string_view member) {
        const std::string_view prefix = family.substr(0, family.find('*'));
        auto& values = outcome_.configuration.values_;
        if (values.contains(key_of(family, member))) {
            return;
        }
        if (++members_ > kMembersMax) {
            problem(where, "too many sections like [" + std::string(prefix) + "...]");
            return;
        }
        for (const Setting& setting : outcome_.configuration.settings_) {
            if (setting.key.starts_with(prefix)) {
                values.emplace(key_of(setting.key, member),
                               parse_value(setting, setting.default_value).value());
            }
        }
    }

    void problem(std::string where, std::string message) {
        outcome_.problems.push_back({std::move(where), std::move(message)});
    }

    void set(const std::string& where, const Setting& setting, std::string_view key,
             std::string_view text, Origin origin) {
        Result<Value> value = parse_value(setting, text);
        if (!value) {
            problem(where, value.error().detail);
            return;
        }
        value->origin = origin;
        if (const auto member = member_of(setting.key, key)) {
            add_member(where, setting.key, *member);
        }
        outcome_.configuration.values_.insert_or_assign(std::string(key), std::move(*value));
    }

    void read_node(const std::string& where, const std::string& key, const toml::node& node) {
        const Setting* setting = find(key);
        if (setting == nullptr) {
            problem(where, "unknown key " + key);
            return;
        }
        const bool fits = (setting->type == Type::text && node.is_string()) ||
                          (setting->type == Type::integer && node.is_integer()) ||
                          (setting->type == Type::boolean && node.is_boolean()) ||
                          (setting->type == Type::text_list && node.is_array());
        if (!fits) {
            problem(where, key + " has the wrong type");
        } else if (const auto* text = node.as_string()) {
            set(where, *setting, key, text->get(), Origin::file);
        } else if (const auto* number = node.as_integer()) {
            set(where, *setting, key, std::to_string(number->get()), Origin::file);
        } else if (const auto* flag = node.as_boolean()) {
            set(where, *setting, key, flag->get() ? "true" : "false", Origin::file);
        } else if (const auto* array = node.as_array()) {
            read_array(where, *setting, key, *array);
        }
    }

    void read_array(const std::string& where, const Setting& setting, const std::string& key,
                    const toml::array& array) {
        std::string joined;
        for (const toml::node& element : array) {
            const auto* text = element.as_string();
            if (text == nullptr || text->get().find(',') != std::string::npos) {
                problem(where, key + " is a list of texts without commas");
                return;
            }
            joined += (joined.empty() ? "" : ",") + text->get();
        }
        set(where, setting, key, joined, Origin::file);
    }

    Outcome outcome_;
    std::size_t members_ = 0;
};

const Value& Configuration::find(std::string_view key, Type type) const {
    const auto found = values_.find(key);
    const Setting* setting = find_setting(settings_, key);
    if (found == values_.end() || setting == nullptr || setting->type != type) {
        throw std::logic_error("no such setting: " + std::string(key));
    }
    return found->second;
}

const std::string& Configuration::text(std::string_view key) const {
    return find(key, Type::text).text;
}
std::int64_t Configuration::integer(std::string_view key) const {
    return find(key, Type::integer).number;
}
bool Configuration::boolean(std::string_view key) const {
    return find(key, Type::boolean).flag;
}
const std::vector<std::string>& Configuration::list(std::string_view key) const {
    return find(key, Type::text_list).list;
}
Origin Configuration::origin(std::string_view key) const {
    const auto found = values_.find(key);
    return found == values_.end() ? Origin::built_in : found->second.origin;
}

std::vector<std::string> Configuration::members(std::string_view prefix) const {
    std::vector<std::string> names;
    for (const Setting& setting : settings_) {
        const std::size_t star = setting.key.find('*');
        if (star == std::string_view::npos ||
            setting.key.substr(0, star) != std::string(prefix) + ".") {
            continue;
        }
        for (const auto& [key, value] : values_) {
            if (const auto member = member_of(setting.key, key)) {
                names.emplace_back(*member);
            }
        }
        break;  // The other settings of the family have the same members.
    }
    return names;
}

std::vector<Configuration::Shown> Configuration::shown() const {
    std::vector<Shown> all;
    const auto add = [&](const Setting& setting, std::string_view key, Value value) {
        if (setting.secret && !value.text.empty()) {
            value.text = kMask;
        }
        const std::string_view origin = origin_name(value.origin);
        all.push_back({std::string(key), setting.type, std::move(value), origin});
    };
    for (const Setting& setting : settings_) {
        for (const auto& [key, value] : values_) {
            if (key == setting.key || member_of(setting.key, key)) {
                add(setting, key, value);
            }
        }
    }
    return all;
}

std::string Configuration::render() const {
    std::string text;
    std::string section;
    std::vector<std::pair<std::string, const Setting*>> rows;
    for (const Setting& setting : settings_) {
        if (values_.contains(setting.key)) {
            rows.emplace_back(setting.key, &setting);
        }
    }
    // Sections of members come last: in TOML the plain settings must stand before them.
    for (const auto& [key, value] : values_) {
        const Setting* setting = find_setting(settings_, key);
        if (setting != nullptr && setting->key != key) {
            rows.emplace_back(key, setting);
        }
    }
    for (const auto& [key, setting] : rows) {
        const std::size_t dot = key.rfind('.');
        if (key.substr(0, dot) != section) {
            section = key.substr(0, dot);
            text += (text.empty() ? "[" : "\n[") + section + "]\n";
        }
        const Value& value = values_.find(key)->second;
        text += "# " + std::string(setting->description) + " (" +
                std::string(origin_name(value.origin)) + ")\n";
        text += key.substr(dot + 1) + " = " + toml_value(*setting, value) + "\n";
    }
    return text;
}

Outcome load(std::span<const Setting> settings, const Sources& sources) {
    Loader loader(settings);
    if (sources.file) {
        loader.read_file(*sources.file);
    }
    loader.read_environment(sources);
    loader.read_flags(sources);
    return loader.take();
}

std::map<std::string, std::string> environment_with_prefix() {
    std::map<std::string, std::string> variables;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const std::size_t equals = text.find('=');
        if (text.starts_with(kPrefix) && equals != std::string_view::npos) {
            variables.emplace(text.substr(0, equals), text.substr(equals + 1));
        }
    }
    return variables;
}

}  // namespace pgmind::config
