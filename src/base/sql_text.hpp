#pragma once

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

namespace pgmind {

/// The text of an SQL statement, or of a part of one, that varies with the request. It is made of
/// constants of the program, natural numbers and numbered parameters ($1, $2, ...) alone, which the
/// compiler checks: no value can get into it. Values travel beside it, as parameters.
///
///     SqlText sql{"SELECT e.key FROM pgmind.live_entries e WHERE e.namespace = ", name};
///
/// A value type; not safe to change from several threads.
class SqlText {
  public:
    /// A constant of the program, or another SqlText that outlives the call.
    class Part {
      public:
        // Implicit, so that a statement reads as a list of its parts.
        consteval Part(const char* constant) : text_(constant) {}
        consteval Part(std::string_view constant) : text_(constant) {}
        Part(const SqlText& text) : text_(text.text_) {}
        std::string_view view() const { return text_; }

      private:
        std::string_view text_;
    };

    SqlText() = default;
    SqlText(std::initializer_list<Part> parts) { add(parts); }
    /// "$1" for the first parameter.
    static SqlText parameter(std::size_t number) {
        SqlText made;
        made.text_ = "$" + std::to_string(number);
        return made;
    }

    static SqlText number(std::size_t value) {
        SqlText made;
        made.text_ = std::to_string(value);
        return made;
    }

    SqlText& add(std::initializer_list<Part> parts) {
        std::string added;  // A part may be this text itself.
        for (const Part& part : parts) {
            added += part.view();
        }
        text_ += added;
        return *this;
    }

    bool empty() const { return text_.empty(); }
    const std::string& text() const { return text_; }

  private:
    std::string text_;
};

// A std::string, a value from outside, is neither a part nor a text.
static_assert(!std::convertible_to<std::string, SqlText::Part>);
static_assert(!std::convertible_to<std::string, SqlText>);

}  // namespace pgmind
