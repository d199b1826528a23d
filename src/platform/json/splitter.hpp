#pragma once

#include <string_view>

#include "platform/json/value.hpp"

namespace pgmind::json {

inline bool is_blank(char c) {
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/// Walks over a text that is known to be valid, so it needs no checks of its own. Private to json.
class Splitter {
  public:
    explicit Splitter(std::string_view text) : text_(text) {}

    void skip_blanks() {
        while (at_ < text_.size() && is_blank(text_[at_])) {
            ++at_;
        }
    }

    char next() const { return text_[at_]; }
    void step() { ++at_; }

    Value take_value() {
        const std::size_t begin = at_;
        const char first = text_[at_];
        if (first == '"') {
            skip_string();
        } else if (first == '{' || first == '[') {
            skip_nested();
        } else {
            while (at_ < text_.size() && !ends_scalar(text_[at_])) {
                ++at_;
            }
        }
        return Value(text_.substr(begin, at_ - begin));
    }

  private:
    static bool ends_scalar(char c) { return c == ',' || c == '}' || c == ']' || is_blank(c); }

    void skip_string() {
        ++at_;
        while (text_[at_] != '"') {
            at_ += text_[at_] == '\\' ? 2 : 1;
        }
        ++at_;
    }

    void skip_nested() {
        std::size_t depth = 0;
        do {
            const char c = text_[at_];
            if (c == '"') {
                skip_string();
                continue;
            }
            if (c == '{' || c == '[') {
                ++depth;
            } else if (c == '}' || c == ']') {
                --depth;
            }
            ++at_;
        } while (depth > 0);
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace pgmind::json
