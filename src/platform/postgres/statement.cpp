#include "platform/postgres/statement.hpp"

#include <charconv>
#include <cmath>

namespace pgmind::postgres {
namespace {

template <class Number>
std::string_view write_number(Number number, char (&buffer)[64]) {
    const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, number);
    (void)error;  // 64 characters hold any number in its shortest form.
    return {buffer, static_cast<std::size_t>(end - buffer)};
}

void append_quoted(std::string& array, std::string_view element) {
    array.push_back('"');
    for (const char c : element) {
        if (c == '"' || c == '\\') {
            array.push_back('\\');
        }
        array.push_back(c);
    }
    array.push_back('"');
}

}  // namespace

Parameters& Parameters::add_value(std::string_view bytes, bool binary) {
    if (!binary && bytes.find('\0') != std::string_view::npos) {
        holds_nul_ = true;
    }
    values_.push_back({buffer_.size(), bytes.size(), false, binary});
    buffer_.append(bytes);
    buffer_.push_back('\0');
    return *this;
}

Parameters& Parameters::add(std::string_view text) {
    return add_value(text, false);
}

Parameters& Parameters::add(std::int64_t number) {
    char buffer[64];
    return add_value(write_number(number, buffer), false);
}

Parameters& Parameters::add(double number) {
    if (std::isnan(number)) {
        return add_value("NaN", false);
    }
    if (std::isinf(number)) {
        return add_value(number > 0 ? "Infinity" : "-Infinity", false);
    }
    char buffer[64];
    return add_value(write_number(number, buffer), false);
}

Parameters& Parameters::add(bool value) {
    return add_value(value ? "t" : "f", false);
}

Parameters& Parameters::add_null() {
    values_.push_back({0, 0, true, false});
    return *this;
}

Parameters& Parameters::add(const std::optional<std::string>& text) {
    return text.has_value() ? add(std::string_view(*text)) : add_null();
}

Parameters& Parameters::add(const std::optional<std::int64_t>& number) {
    return number.has_value() ? add(*number) : add_null();
}

Parameters& Parameters::add_array(std::span<const std::string> elements) {
    std::string array = "{";
    for (const std::string& element : elements) {
        if (array.size() > 1) {
            array.push_back(',');
        }
        append_quoted(array, element);
    }
    array.push_back('}');
    return add_value(array, false);
}

Parameters& Parameters::add_array(std::span<const std::int64_t> elements) {
    std::string array = "{";
    char buffer[64];
    for (const std::int64_t element : elements) {
        if (array.size() > 1) {
            array.push_back(',');
        }
        array.append(write_number(element, buffer));
    }
    array.push_back('}');
    return add_value(array, false);
}

Parameters& Parameters::add_binary(std::string_view bytes) {
    return add_value(bytes, true);
}

}  // namespace pgmind::postgres
