#include "platform/json/value.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "base/text.hpp"
#include "platform/json/splitter.hpp"

namespace pgmind::json {
namespace {

constexpr std::size_t kNameBytesShown = 64;

}  // namespace

std::string_view name_of(Kind kind) {
    switch (kind) {
        case Kind::null:
            return "null";
        case Kind::boolean:
            return "a boolean";
        case Kind::number:
            return "a number";
        case Kind::string:
            return "a string";
        case Kind::array:
            return "an array";
        case Kind::object:
            break;
    }
    return "an object";
}

Kind Value::kind() const {
    switch (text_.front()) {
        case 'n':
            return Kind::null;
        case 't':
        case 'f':
            return Kind::boolean;
        case '"':
            return Kind::string;
        case '[':
            return Kind::array;
        case '{':
            return Kind::object;
        default:
            return Kind::number;
    }
}

Result<Object> Object::of(const Value& value, std::string path) {
    if (value.kind() != Kind::object) {
        return fail(invalid_argument(
            std::move(path), "must be an object, not " + std::string(name_of(value.kind()))));
    }
    Object object;
    object.path_ = std::move(path);
    Splitter splitter(value.text());
    splitter.step();
    for (splitter.skip_blanks(); splitter.next() != '}'; splitter.skip_blanks()) {
        if (splitter.next() == ',') {
            splitter.step();
            splitter.skip_blanks();
        }
        const Value name = splitter.take_value();
        splitter.skip_blanks();
        splitter.step();  // the colon
        splitter.skip_blanks();
        object.members_.push_back({decode_string(name), splitter.take_value()});
    }
    return object;
}

const Value* Object::find(std::string_view name) const {
    for (const Member& member : members_) {
        if (member.name == name) {
            return &member.value;
        }
    }
    return nullptr;
}

std::string Object::path_of(std::string_view name) const {
    return join_path(path_, name);
}

Result<Object> parse_object(std::string_view text, const ReadLimits& limits) {
    auto value = parse(text, limits);
    if (!value) {
        return fail(std::move(value.error()));
    }
    return Object::of(*value, "");
}

std::vector<Value> elements(const Value& array) {
    std::vector<Value> all;
    if (array.kind() != Kind::array) {
        return all;
    }
    Splitter splitter(array.text());
    splitter.step();
    for (splitter.skip_blanks(); splitter.next() != ']'; splitter.skip_blanks()) {
        if (splitter.next() == ',') {
            splitter.step();
            splitter.skip_blanks();
        }
        all.push_back(splitter.take_value());
    }
    return all;
}

std::string decode_string(const Value& value) {
    if (value.kind() != Kind::string) {
        return {};
    }
    const std::string_view text = value.text();
    const std::string_view inside = text.substr(1, text.size() - 2);
    if (inside.find('\\') == std::string_view::npos) {
        return std::string(inside);
    }
    const boost::json::value decoded = boost::json::parse({text.data(), text.size()});
    const boost::json::string& characters = decoded.get_string();
    return std::string(characters.data(), characters.size());
}

std::string join_path(std::string_view path, std::string_view name) {
    std::string joined(path);
    if (!joined.empty()) {
        joined += '.';
    }
    joined += truncate_utf8(name, kNameBytesShown);
    if (name.size() > kNameBytesShown) {
        joined += "...";
    }
    return joined;
}

std::string join_path(std::string_view path, std::size_t index) {
    return std::string(path) + '[' + std::to_string(index) + ']';
}

}  // namespace pgmind::json
