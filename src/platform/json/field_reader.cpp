#include "platform/json/field_reader.hpp"

#include <charconv>
#include <cmath>

namespace pgmind::json {
namespace {

std::optional<double> to_double(std::string_view text) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() ? std::optional(number) : std::nullopt;
}

// Through double, so that what is too small for single precision becomes zero.
std::optional<float> to_float(std::string_view text) {
    const auto wide = to_double(text);
    const float number = static_cast<float>(wide.value_or(INFINITY));
    return std::isfinite(number) ? std::optional(number) : std::nullopt;
}

}  // namespace

std::optional<std::int64_t> to_integer(const Value& value) {
    const std::string_view text = value.text();
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (value.kind() != Kind::number || error != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return number;
}

std::optional<double> to_number(const Value& value) {
    return value.kind() == Kind::number ? to_double(value.text()) : std::nullopt;
}

FieldReader::FieldReader(const Object& object)
    : object_(object), used_(object.members().size(), false) {}

void FieldReader::refuse(std::string_view name, std::string detail) {
    if (!error_) {
        error_ = invalid_argument(object_.path_of(name), std::move(detail));
    }
}

void FieldReader::refuse(Error error) {
    if (!error_) {
        error_ = std::move(error);
    }
}

void FieldReader::missing(std::string_view name) {
    refuse(name, "is required");
}

const Value* FieldReader::take(std::string_view name, bool null_is_absent) {
    const std::vector<Member>& members = object_.members();
    for (std::size_t i = 0; i < members.size(); ++i) {
        if (members[i].name == name) {
            used_[i] = true;
            return null_is_absent && members[i].value.is_null() ? nullptr : &members[i].value;
        }
    }
    return nullptr;
}

const Value* FieldReader::take_kind(std::string_view name, Kind kind) {
    const Value* value = take(name, true);
    if (value != nullptr && value->kind() != kind) {
        refuse(name, "must be " + std::string(name_of(kind)) + ", not " +
                         std::string(name_of(value->kind())));
        return nullptr;
    }
    return value;
}

std::optional<std::string> FieldReader::optional_string(std::string_view name) {
    const Value* value = take_kind(name, Kind::string);
    return value == nullptr ? std::nullopt : std::optional(decode_string(*value));
}

std::string FieldReader::require_string(std::string_view name) {
    std::optional<std::string> text = optional_string(name);
    if (!text) {
        missing(name);
    }
    return std::move(text).value_or(std::string());
}

std::optional<std::int64_t> FieldReader::optional_integer(std::string_view name) {
    const Value* value = take_kind(name, Kind::number);
    if (value == nullptr) {
        return std::nullopt;
    }
    const auto number = to_integer(*value);
    if (!number) {
        refuse(name, "must be a whole number of at most 64 bits");
    }
    return number;
}

std::int64_t FieldReader::require_integer(std::string_view name) {
    const auto number = optional_integer(name);
    if (!number) {
        missing(name);
    }
    return number.value_or(0);
}

std::optional<double> FieldReader::optional_number(std::string_view name) {
    const Value* value = take_kind(name, Kind::number);
    if (value == nullptr) {
        return std::nullopt;
    }
    const auto number = to_number(*value);
    if (!number) {
        refuse(name, "is outside the range of double precision");
    }
    return number;
}

std::optional<bool> FieldReader::optional_boolean(std::string_view name) {
    const Value* value = take_kind(name, Kind::boolean);
    return value == nullptr ? std::nullopt : std::optional(value->text() == "true");
}

std::optional<std::size_t> FieldReader::optional_choice(
    std::string_view name, std::initializer_list<std::string_view> names) {
    const auto text = optional_string(name);
    if (!text) {
        return std::nullopt;
    }
    std::size_t index = 0;
    std::string list;
    for (const std::string_view candidate : names) {
        if (candidate == *text) {
            return index;
        }
        list += (index == 0 ? "" : ", ") + std::string(candidate);
        ++index;
    }
    refuse(name, "must be one of " + list);
    return std::nullopt;
}

std::optional<std::vector<std::string>> FieldReader::optional_strings(std::string_view name) {
    const Value* value = take_kind(name, Kind::array);
    if (value == nullptr) {
        return std::nullopt;
    }
    std::vector<std::string> texts;
    for (const Value& element : elements(*value)) {
        if (element.kind() != Kind::string) {
            refuse(join_path(name, texts.size()), "must be a string");
            return std::nullopt;
        }
        texts.push_back(decode_string(element));
    }
    return texts;
}

std::optional<std::vector<float>> FieldReader::optional_floats(std::string_view name) {
    const Value* value = take_kind(name, Kind::array);
    if (value == nullptr) {
        return std::nullopt;
    }
    std::vector<float> numbers;
    for (const Value& element : elements(*value)) {
        if (element.kind() != Kind::number) {
            refuse(join_path(name, numbers.size()), "must be a number");
            return std::nullopt;
        }
        const auto number = to_float(element.text());
        if (!number) {
            refuse(join_path(name, numbers.size()), "is outside the range of single precision");
            return std::nullopt;
        }
        numbers.push_back(*number);
    }
    return numbers;
}

std::optional<std::vector<Object>> FieldReader::optional_objects(std::string_view name) {
    const Value* value = take_kind(name, Kind::array);
    if (value == nullptr) {
        return std::nullopt;
    }
    std::vector<Object> objects;
    for (const Value& element : elements(*value)) {
        const std::string element_name = join_path(name, objects.size());
        auto object = Object::of(element, object_.path_of(element_name));
        if (!object) {
            refuse(element_name, "must be an object");
            return std::nullopt;
        }
        objects.push_back(std::move(*object));
    }
    return objects;
}

const Value* FieldReader::optional_value(std::string_view name) {
    return take(name, false);
}

std::optional<std::string> FieldReader::optional_raw(std::string_view name) {
    const Value* value = take(name, false);
    return value == nullptr ? std::nullopt : std::optional(std::string(value->text()));
}

std::string FieldReader::require_raw(std::string_view name) {
    std::optional<std::string> text = optional_raw(name);
    if (!text) {
        missing(name);
    }
    return std::move(text).value_or(std::string());
}

std::optional<std::string> FieldReader::optional_raw_object(std::string_view name) {
    const Value* value = take_kind(name, Kind::object);
    return value == nullptr ? std::nullopt : std::optional(std::string(value->text()));
}

void FieldReader::ignore(std::string_view name) {
    take(name, false);
}

Result<void> FieldReader::finish() {
    const std::vector<Member>& members = object_.members();
    for (std::size_t i = 0; i < members.size() && !error_; ++i) {
        if (!used_[i]) {
            refuse(members[i].name, "is not a field that is known here");
        }
    }
    if (error_) {
        return fail(*error_);
    }
    return {};
}

}  // namespace pgmind::json
