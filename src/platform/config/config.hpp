#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace pgmind::config {

enum class Type { text, integer, boolean, text_list };

/// One setting that a program understands. Tables of these are constants.
struct Setting {
    /// "section.name", lower case. "section.kind.*.name" is one setting of each thing of that kind,
    /// as many as the file or flags name; the environment cannot.
    std::string_view key;
    Type type = Type::text;
    std::string_view default_value;    ///< as one would write it in the environment
    std::string_view description;      ///< one sentence
    std::int64_t minimum = 0;          ///< of an integer
    std::int64_t maximum = INT64_MAX;  ///< of an integer
    std::string_view choices = {};     ///< of a text: allowed values, separated by '|'; empty: any
    bool secret = false;               ///< shown masked
};

/// Where the value that counts came from.
enum class Origin { built_in, file, environment, flag };

struct Value {
    std::string text;               ///< canonical text of the value
    std::vector<std::string> list;  ///< elements of a text_list
    std::int64_t number = 0;
    bool flag = false;
    Origin origin = Origin::built_in;
};

/// The effective settings. Asking for a key that is not in the table, or with another type, is a
/// bug and throws. Immutable after loading; safe to share.
class Configuration {
  public:
    const std::string& text(std::string_view key) const;
    std::int64_t integer(std::string_view key) const;
    bool boolean(std::string_view key) const;
    const std::vector<std::string>& list(std::string_view key) const;
    Origin origin(std::string_view key) const;
    /// The names that were given for the star after `prefix` ("section.kind"), in order. All
    /// settings of each have values.
    std::vector<std::string> members(std::string_view prefix) const;

    /// One setting as it may be shown: a secret is masked.
    struct Shown {
        std::string key;
        Type type = Type::text;
        Value value;
        std::string_view origin;  ///< "default", "file", "environment" or "flag"
    };
    /// Every setting, in the order of the table.
    std::vector<Shown> shown() const;

    /// Every setting as TOML, with its description and where it came from; secrets masked.
    std::string render() const;

  private:
    friend class Loader;
    const Value& find(std::string_view key, Type type) const;

    std::span<const Setting> settings_;
    std::map<std::string, Value, std::less<>> values_;
};

/// One thing wrong with the given configuration.
struct Problem {
    std::string where;  ///< "FILE:LINE", an environment variable, or a flag
    std::string message;
};

struct Sources {
    std::optional<std::string> file;  ///< path of a TOML file; must exist when given
    /// Environment variables that begin with PGMIND_: PGMIND_SECTION_NAME sets section.name.
    std::map<std::string, std::string> environment;
    std::vector<std::pair<std::string, std::string>> flags;  ///< key and value, in order
    /// Environment variables with the prefix that are not settings.
    std::vector<std::string> ignored_variables;
};

struct Outcome {
    Configuration configuration;
    std::vector<Problem> problems;  ///< all of them; the configuration counts only when empty
};

/// Reads file, environment and flags, each stronger than the one before.
Outcome load(std::span<const Setting> settings, const Sources& sources);

/// The variables of this process's environment that begin with PGMIND_.
std::map<std::string, std::string> environment_with_prefix();

}  // namespace pgmind::config
