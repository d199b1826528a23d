#pragma once

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace pgmind::log {

enum class Level { debug, info, warning, error };
enum class Format { human, json };

/// One named value of a log line. Never give a secret: nothing here can know that it is one.
struct Field {
    Field(std::string_view field_name, std::string_view text) : name(field_name), value(text) {}
    Field(std::string_view field_name, const char* text) : name(field_name), value(text) {}
    Field(std::string_view field_name, const std::string& text) : name(field_name), value(text) {}
    Field(std::string_view field_name, bool flag)
        : name(field_name), value(flag ? "true" : "false"), quoted(false) {}
    template <class Number>
        requires(std::integral<Number> || std::floating_point<Number>) &&
                    (!std::same_as<Number, bool>)
    Field(std::string_view field_name, Number number)
        : name(field_name), value(std::to_string(number)), quoted(false) {}

    std::string_view name;
    std::string value;
    bool quoted = true;
};

/// Sets what is written (standard error). Before it is called: info, human on a terminal, else
/// JSON.
void configure(Level level, Format format);

/// Writes one line, whole (lines of threads do not mix). Thread-safe; does not throw.
void write(Level level, std::string_view message, std::initializer_list<Field> fields);

inline void debug(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(Level::debug, message, fields);
}
inline void info(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(Level::info, message, fields);
}
inline void warning(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(Level::warning, message, fields);
}
inline void error(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(Level::error, message, fields);
}

}  // namespace pgmind::log
